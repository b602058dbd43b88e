'use strict';
'require dom';
'require poll';
'require uci';
'require view';
'require ddns-netlink.daemon as daemon';

return view.extend({
	handleSave: null,
	handleSaveApply: null,
	handleReset: null,

	load() {
		return L.resolveDefault(uci.load('ddns'));
	},

	render() {
		const sections = uci.sections('ddns', 'service').map(section => section['.name']);

		this.choice = E('select', {
			'class': 'cbi-input-select', 'aria-label': _('Section'), 'data-role': 'section',
			'change': () => this.refresh()
		}, sections.map(section => E('option', { 'value': section }, [ section ])));
		this.text = E('pre', {
			'data-role': 'log', 'tabindex': '0', 'style': 'white-space:pre-wrap;overflow-wrap:anywhere', 'aria-label': _('Log')
		});
		this.refresh();
		poll.add(() => this.refresh());

		return E('div', { 'class': 'cbi-map' }, [
			E('h2', { 'name': 'content' }, [ _('Log') ]),
			E('div', { 'class': 'cbi-map-descr' }, [ _('The newest line is at the top.') ]),
			E('p', {}, [ this.choice ]),
			this.text
		]);
	},

	refresh() {
		const section = this.choice.value;

		if (!section)
			return Promise.resolve(dom.content(this.text, _('There is no section yet.')));

		return daemon.log(section).then(text => {
			const lines = String(text || '').split('\n').filter(line => line).reverse();

			dom.content(this.text, lines.join('\n') || _('The log of this section is empty.'));
		});
	}
});
