'use strict';
'require dom';
'require uci';
'require ui';
'require view';
'require ddns-netlink.daemon as daemon';
'require ddns-netlink.dialogues as dialogues';
'require ddns-netlink.edit as editor';
'require ddns-netlink.hosts as hosts';
'require ddns-netlink.live as live';
'require ddns-netlink.rows as model';
'require ddns-netlink.table as table';

const ALARMS = {
	broken: _('A section has a mistake'),
	refused: _('The provider refuses'),
	foreign: _('A record of somebody else'),
	shared: _('No public IPv4 address')
};

function alarm(entry) {
	return E('div', { 'class': `alert-message ${entry.kind == 'shared' ? 'warning' : 'error'}`, 'data-alarm': entry.kind }, [
		E('strong', {}, [ ALARMS[entry.kind] ]), ': ',
		entry.type ? `${entry.name} ${entry.type}: ` : `${entry.name}: `,
		entry.text
	]);
}

/* Replaces the content of a node. The button that has the focus keeps it. */
function replace(node, content) {
	const focused = node.contains(document.activeElement) ? document.activeElement.getAttribute('data-key') : null;

	dom.content(node, content);

	if (focused)
		node.querySelectorAll('[data-key]').forEach(button => {
			if (button.getAttribute('data-key') == focused)
				button.focus();
		});
}

return view.extend({
	/* Nothing on this page is saved by the buttons at its end. */
	handleSave: null,
	handleSaveApply: null,
	handleReset: null,

	load() {
		return Promise.all([
			L.resolveDefault(daemon.status(), null),
			L.resolveDefault(uci.load('ddns'))
		]);
	},

	render([ status ]) {
		this.handlers = {
			update: row => this.command('update', row),
			stop: row => this.command('stop', row),
			start: row => this.command('start', row),
			why: row => dialogues.why(row),
			history: row => dialogues.history(row),
			edit: row => this.edit(row)
		};

		this.alarms = E('div', { 'role': 'alert', 'data-role': 'alarms' });
		this.names = E('div');
		this.hosts = E('div');
		this.shown = null;
		this.show(status);
		live.watch(() => this.refresh());

		return E('div', { 'class': 'cbi-map' }, [
			E('h2', { 'name': 'content' }, [ _('Dynamic DNS') ]),
			E('div', { 'class': 'cbi-map-descr' }, [ _('Names that follow the addresses of this router.') ]),
			this.alarms,
			E('div', { 'class': 'cbi-section' }, [ this.names, this.addForm() ]),
			this.hosts
		]);
	},

	refresh() {
		return L.resolveDefault(daemon.status(), null).then(status => this.show(status));
	},

	/* Shows a status, unless it is shown already. */
	show(status) {
		const services = uci.sections('ddns', 'service');
		const rows = status ? model.of(status, services) : [];
		/* The seconds until the next request count down; the page shows minutes. */
		const essence = JSON.stringify([ status, services ], (key, value) =>
			key == 'next_in' && value != null ? Math.round((Date.now() / 1000 + value) / 60) : value);

		if (essence == this.shown)
			return;

		this.shown = essence;
		this.warn(status ? model.alarms(rows).map(alarm) : [ E('div', { 'class': 'alert-message error' },
			[ _('The daemon does not run. Start it on the page System, Startup: ddns.') ]) ]);
		replace(this.names, table.render(rows, this.handlers));
		replace(this.hosts, hosts.render(services, rows));
	},

	/* Shows alarms. The same ones are not put there again, because a screen reader would read them again. */
	warn(alarms) {
		const text = alarms.map(node => node.textContent).join('\n');

		if (text != this.warned)
			replace(this.alarms, alarms);

		this.warned = text;
	},

	/* Has the daemon do something with each section of a row. */
	command(method, row) {
		return Promise.all(row.sections.map(section => daemon[method](section))).then(() => this.refresh());
	},

	edit(row) {
		/* A name may be in several sections. */
		if (row.sections.length == 1)
			return this.open(row.sections[0]);

		ui.showModal(_('Which section?'), [
			...row.sections.map(section => E('p', {}, [
				E('button', { 'class': 'btn cbi-button', 'click': () => this.open(section) }, [ section ])
			])),
			E('div', { 'class': 'right button-row' }, [
				E('button', { 'class': 'btn cbi-button', 'click': ui.hideModal }, [ _('Cancel') ])
			])
		]);
	},

	open(section) {
		return editor.open(section, _('Section %s').format(section), () => this.refresh());
	},

	addForm() {
		const name = E('input', {
			'type': 'text', 'class': 'cbi-input-text', 'placeholder': _('name of a new section, such as home'),
			'aria-label': _('Name of a new section'), 'data-role': 'new-name',
			'keydown': ev => { if (ev.key == 'Enter') this.add(name); }
		});

		return E('div', { 'class': 'cbi-section-create' }, [
			name, ' ',
			E('button', { 'class': 'btn cbi-button cbi-button-add', 'data-role': 'add', 'click': () => this.add(name) }, [ _('Add') ]), ' ',
			E('button', { 'class': 'btn cbi-button', 'data-role': 'settings', 'click': () =>
				editor.open('global', _('Settings'), () => this.refresh()) }, [ _('Settings') ])
		]);
	},

	add(input) {
		const name = input.value.trim();
		const isFree = /^[A-Za-z0-9_]+$/.test(name) && uci.get('ddns', name) == null;

		input.setAttribute('aria-invalid', String(!isFree));
		input.classList.toggle('cbi-input-invalid', !isFree);

		if (!isFree) {
			input.setAttribute('title', _('Letters, digits and _ only, and not the name of another section.'));
			return input.focus();
		}

		input.value = '';

		return editor.add(name, () => this.refresh());
	}
});
