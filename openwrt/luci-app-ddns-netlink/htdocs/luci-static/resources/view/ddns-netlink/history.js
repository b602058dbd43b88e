'use strict';
'require dom';
'require poll';
'require view';
'require ddns-netlink.daemon as daemon';
'require ddns-netlink.dialogues as dialogues';

return view.extend({
	handleSave: null,
	handleSaveApply: null,
	handleReset: null,

	render() {
		this.list = E('div');
		this.refresh();
		poll.add(() => this.refresh());

		return E('div', { 'class': 'cbi-map' }, [
			E('h2', { 'name': 'content' }, [ _('History') ]),
			E('div', { 'class': 'cbi-map-descr' }, [ _('When the addresses changed, and when the provider had the change.') ]),
			this.list
		]);
	},

	refresh() {
		return daemon.history().then(list => dom.content(this.list, dialogues.changes(list)));
	}
});
