'use strict';
'require baseclass';
'require dom';
'require form';
'require uci';
'require ui';
'require ddns-netlink.daemon as daemon';
'require ddns-netlink.document as text';
'require ddns-netlink.fields as fields';
'require ddns-netlink.options as options';

/* The form of a section, in a dialogue. Every row of options.js becomes a field. */

const CLASSES = {
	text: form.Value,
	secret: fields.Secret,
	flag: form.Flag,
	list: fields.List,
	choice: form.ListValue,
	ipv4: fields.Family,
	ipv6: fields.Family,
	provider: fields.Typed
};

/* The provider of this name, as the daemon describes it. */
function find(providers, name) {
	return providers.find(provider => provider.names.includes(name));
}

function proposals(providers) {
	return providers.flatMap(provider => provider.names.map(name => [
		name,
		[ provider.title, provider.records ].filter(text => text).join(', ')
	]));
}

/* What a provider says about itself, below its field. */
function describe(provider) {
	if (!provider)
		return '';

	const needs = Object.entries(provider.needs || {}).map(([ option, holds ]) => `${option}: ${holds}`);

	return [ provider.title, provider.records, ...needs, provider.note ].filter(text => text).join(' · ');
}

/* What a choice shows for a value. */
function labelOf(row, value) {
	const found = (row.values || []).find(entry => entry[0] == value);

	return (found && found[1]) || value;
}

function capital(text) {
	return text.charAt(0).toUpperCase() + text.slice(1);
}

function button(label, style, handler) {
	return E('button', { 'class': `btn cbi-button cbi-button-${style}`, 'click': handler }, [ label ]);
}

const Editor = baseclass.extend({
	__init__(sid, providers, done) {
		this.sid = sid;
		this.providers = providers;
		this.done = done;
		this.accepted = null;
	},

	/* What the rows of options.js ask to decide whether they are shown. */
	state() {
		const option = name => this.section.getOption(name);
		const get = name => option(name) ? option(name).formvalue(this.sid) : null;
		const provider = find(this.providers, get('service_name'));

		return { get, needs: (provider || {}).needs || {} };
	},

	build() {
		const tabs = this.sid == 'global' ? options.global : options.service;

		this.map = new form.Map('ddns');
		this.section = this.map.section(form.NamedSection, this.sid, this.sid == 'global' ? 'ddns' : 'service');

		for (const [ tab, title, rows ] of tabs) {
			this.section.tab(tab, title);
			rows.forEach(row => this.field(tab, row));
		}

		return this.map.render();
	},

	field(tab, row) {
		const o = this.section.taboption(tab, CLASSES[row.type], row.name, row.title, row.help);

		/* What is hidden is kept. */
		o.retain = true;
		o.isV6 = row.type == 'ipv6';

		if (row.type == 'choice') {
			o.optional = true;
			o.placeholder = row.unset ? _('unset (%s)').format(labelOf(row, row.unset)) : _('unset');
		}
		else if (row.unset != null) {
			o.placeholder = row.unset;
		}

		if (row.initial != null)
			o.default = row.initial;

		/* The form of a new section is of an enabled one, and 0 is written, too. */
		if (row.name == 'enabled')
			o.rmempty = false;

		if (row.type == 'provider') {
			o.proposals = proposals(this.providers);
			o.onchange = () => this.relabel();
		}
		else if (row.values) {
			row.values.forEach(([ value, label ]) => o.value(value, label || value));
		}

		if (row.shows) {
			const stored = uci.get('ddns', this.sid, row.name);

			o.checkDepends = () => stored != null || row.shows(this.state());
		}
	},

	/* The place of an option in the form. */
	row(name) {
		return this.map.findElement('data-field', `cbid.ddns.${this.sid}.${name}`);
	},

	/* Labels the fields with the provider's own words, and marks those that it needs. */
	relabel() {
		const { get, needs } = this.state();
		const provider = find(this.providers, get('service_name'));

		for (const [ , , rows ] of options.service) {
			for (const row of rows) {
				const node = this.row(row.name);
				const title = node ? node.querySelector('.cbi-value-title') : null;

				if (!title)
					continue;

				const needed = needs[row.name];
				const words = needed && needed != 'is needed' && row.name != 'domain';
				const input = node.querySelector('input');

				title.textContent = (words ? capital(needed) : row.title) + (needed ? ' *' : '');

				if (input)
					input.setAttribute('aria-required', needed ? 'true' : 'false');
			}
		}

		this.about.textContent = describe(provider);
		this.row('service_name').querySelector('.cbi-value-field').appendChild(this.about);
		this.map.checkDepends();
	},

	/* Shows the daemon's sentences at the fields that they are about, and all of them above the buttons. */
	mark(mistakes) {
		this.map.root.querySelectorAll('[data-role="mistake"]').forEach(node => node.remove());

		for (const mistake of mistakes) {
			const node = mistake.option ? this.row(mistake.option) : null;

			if (node)
				(node.querySelector('.cbi-value-field') || node).appendChild(E('div', {
					'class': `alert-message ${mistake.error ? 'error' : 'warning'}`,
					'data-role': 'mistake',
					'style': 'margin:.25em 0'
				}, [ mistake.text ]));
		}

		this.say(mistakes.some(mistake => mistake.error) ? 'error' : 'warning',
			mistakes.map(mistake => mistake.text));
	},

	say(style, lines, footer) {
		const box = this.dialogue.querySelector('[data-role="answer"]');

		dom.content(box, lines.length ? E('div', { 'class': `alert-message ${style}` }, [
			E('ul', {}, lines.map(line => E('li', {}, [ line ]))),
			footer || ''
		]) : '');
	},

	/* Takes the values of the form into `uci`, and has the daemon check them. Resolves with whether they may be
	 * saved: without mistakes, or with warnings that the owner has seen. */
	check() {
		return this.map.parse().then(() => {
			if (this.sid != 'global' && !this.hasFamily())
				return [ { option: 'use_ipv6', error: true, text: _('Choose IPv4, IPv6 or both.') } ];

			const file = text.of(this.sid);

			return daemon.check(file.text).then(mistakes => mistakes
				.filter(mistake => file.includes(mistake.line))
				.map(mistake => Object.assign(mistake, { option: file.option(mistake.line) })));
		}).then(mistakes => {
			const seen = JSON.stringify(mistakes);
			const may = !mistakes.some(mistake => mistake.error) &&
				(!mistakes.length || seen == this.accepted);

			this.mark(mistakes);
			this.accepted = seen;

			if (!may && !mistakes.some(mistake => mistake.error))
				this.say('warning', mistakes.map(mistake => mistake.text),
					E('p', {}, [ _('Save again to keep it like this.') ]));

			return may;
		});
	},

	hasFamily() {
		const { get } = this.state();

		return get('use_ipv6') == '1' || get('also_ipv6') == '1' || [].concat(get('host') || []).length > 0;
	},

	save(apply) {
		return this.check().then(may => {
			if (!may)
				return;

			return this.map.save(null, true).then(() => {
				ui.hideModal();

				return apply ? ui.changes.apply(true) : null;
			}).then(this.done);
		}).catch(error => this.say('error', [ error.message ]));
	},

	/* Shows what would be sent if the section were saved as it is. */
	test() {
		return this.map.parse().then(() => {
			this.mark([]);
			this.say('notice', [ _('The address is being looked for…') ]);

			return daemon.test(text.of(this.sid, { enabled: '1' }).text);
		}).then(answer => {
			const box = this.dialogue.querySelector('[data-role="answer"]');

			dom.content(box, E('div', { 'class': 'alert-message notice' }, [
				E('strong', {}, [ _('This would be sent:') ]),
				E('pre', { 'data-role': 'test', 'style': 'white-space:pre-wrap;overflow-wrap:anywhere' },
					[ answer || _('The daemon does not answer.') ])
			]));
		}).catch(error => this.say('error', [ error.message ]));
	},

	/* Deletes the section, when the owner has pressed the button twice. */
	remove() {
		if (!this.asked) {
			this.asked = true;
			this.say('warning', [ _('Press Delete again to delete this section.') ]);

			return Promise.resolve();
		}

		uci.remove('ddns', this.sid);

		return uci.save().then(() => {
			ui.hideModal();

			return ui.changes.apply(true);
		}).then(() => uci.load('ddns')).then(this.done);
	},

	cancel() {
		uci.unload('ddns');
		ui.hideModal();

		return uci.load('ddns').then(this.done);
	},

	open(title) {
		return this.build().then(node => {
			const isGlobal = this.sid == 'global';

			this.about = E('div', { 'data-role': 'provider', 'class': 'cbi-value-description', 'aria-live': 'polite' });
			this.dialogue = E('div', {}, [
				node,
				E('div', { 'data-role': 'answer', 'role': 'status', 'aria-live': 'assertive' }),
				E('div', { 'class': 'right button-row' }, [
					button(_('Cancel'), 'neutral', ui.createHandlerFn(this, 'cancel')), ' ',
					isGlobal ? '' : button(_('Delete'), 'negative', ui.createHandlerFn(this, 'remove')), ' ',
					isGlobal ? '' : button(_('Test'), 'action', ui.createHandlerFn(this, 'test')), ' ',
					button(_('Save'), 'save', ui.createHandlerFn(this, 'save', false)), ' ',
					button(_('Save & Apply'), 'apply important', ui.createHandlerFn(this, 'save', true))
				])
			]);

			ui.showModal(title, [ this.dialogue ], 'cbi-modal');

			if (!isGlobal)
				this.relabel();
		});
	}
});

return baseclass.extend({
	/* Opens the form of a section. `done` is called when the dialogue is closed. */
	open(sid, title, done) {
		return Promise.all([ L.resolveDefault(daemon.providers(), []), uci.load('ddns') ]).then(([ providers ]) =>
			new Editor(sid, providers, done).open(title));
	},

	/* Opens the form of a new section. */
	add(name, done) {
		return uci.load('ddns').then(() => {
			uci.add('ddns', 'service', name);
			uci.set('ddns', name, 'enabled', '1');

			return this.open(name, _('New section %s').format(name), done);
		});
	}
});
