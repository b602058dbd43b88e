'use strict';

/* The smallest stand-ins for LuCI's own modules with which the views of luci-app-ddns-netlink run in a
 * browser. They have the names, the arguments and the HTML of LuCI, as far as the views see them. With
 * DDNS_NETLINK_LUCI the tests run with the real modules instead (tests/support/luci.rs). */

String.prototype.format = function(...args) {
	return this.replace(/%[sd]/g, () => String(args.shift()));
};

window._ = text => (window.TR || {})[text] || text;

/* Elements */

window.E = (tag, attributes, children) => {
	if (Array.isArray(tag) || tag === undefined) {
		const fragment = document.createDocumentFragment();

		dom.append(fragment, tag);
		return fragment;
	}

	if (Array.isArray(attributes) || typeof attributes == 'string' || attributes instanceof Node) {
		children = attributes;
		attributes = {};
	}

	const node = document.createElement(tag);

	for (const name in attributes || {}) {
		const value = attributes[name];

		if (typeof value == 'function')
			node.addEventListener(name, value);
		else if (value != null)
			node.setAttribute(name, value);
	}

	dom.append(node, children);
	return node;
};

const dom = {
	append(node, children) {
		for (const child of [].concat(children == null ? [] : children).flat(Infinity))
			if (child instanceof Node)
				node.appendChild(child);
			else if (child != null)
				node.appendChild(document.createTextNode(String(child)));

		return node.lastChild;
	},

	content(node, children) {
		node.textContent = '';
		return dom.append(node, children);
	}
};

/* Classes */

class Base {
	constructor(...args) {
		this.__init__(...args);
	}

	__init__() {}

	/* Calls a method of the class above the one whose method is running. */
	super(name, args) {
		const depth = this.__depth || (this.__depth = {});
		let proto = depth[name] || this.__owner(Object.getPrototypeOf(this), name);

		proto = this.__owner(Object.getPrototypeOf(proto), name);

		const before = depth[name];

		depth[name] = proto;

		try {
			return proto[name].apply(this, args);
		}
		finally {
			depth[name] = before;
		}
	}

	__owner(proto, name) {
		while (!Object.prototype.hasOwnProperty.call(proto, name))
			proto = Object.getPrototypeOf(proto);

		return proto;
	}

	static extend(properties) {
		const Class = class extends this {};

		Object.assign(Class.prototype, properties);
		return Class;
	}

	static instantiate(args) {
		return new this(...args);
	}
}

/* Modules */

const modules = {};

window.L = {
	env: window.ENV,
	resolveDefault: (value, fallback) => Promise.resolve(value).catch(() => fallback),
	url: (...parts) => `/cgi-bin/luci/${parts.join('/')}`,
	toArray: value => value == null ? [] : [].concat(value),

	require(name) {
		return modules[name] || (modules[name] = fetch(`${L.env.base_url}/${name.replace(/\./g, '/')}.js`)
			.then(reply => {
				if (!reply.ok)
					throw new Error(`there is no module ${name}`);

				return reply.text();
			})
			.then(source => {
				const needs = [];
				const pattern = /^'require (\S+?)(?: as (\w+))?';$/gm;

				for (let found; (found = pattern.exec(source)) != null;)
					needs.push([ found[1], found[2] || found[1] ]);

				return Promise.all(needs.map(([ need ]) => L.require(need))).then(needed => {
					const factory = new Function('window', 'document', 'L', ...needs.map(([ , as ]) => as),
						`${source}\n//# sourceURL=${name}.js`);

					return new (factory(window, document, L, ...needed))();
				});
			}));
	}
};

/* rpc: requests to the bridge */

let requests = 0;

const post = (url, body) => fetch(url, { method: 'POST', body: JSON.stringify(body) });

const rpc = {
	getSessionID: () => L.env.sessionid,

	declare({ object, method, params, expect, reject }) {
		return (...values) => {
			const args = {};

			(params || []).forEach((name, i) => {
				if (values[i] != null)
					args[name] = values[i];
			});

			const message = { jsonrpc: '2.0', id: ++requests, method: 'call', params: [ L.env.sessionid, object, method, args ] };

			return post('/ubus/', message).then(reply => reply.json()).then(({ result }) => {
				if (reject && result[0] != 0)
					throw new Error(`RPC call to ${object}/${method} failed with ubus code ${result[0]}`);

				const data = result.length > 1 ? result[1] : result[0];

				for (const key in expect) {
					const value = key == '' ? data : (data || {})[key];
					const type = Object.prototype.toString;

					return type.call(value) == type.call(expect[key]) ? value : expect[key];
				}

				return data;
			});
		};
	},

	list(...objects) {
		return post('/ubus/', { jsonrpc: '2.0', id: ++requests, method: 'list', params: objects })
			.then(reply => reply.json()).then(({ result }) => result);
	}
};

/* uci: the values of a configuration, and what has changed in them */

const callUci = (method, args) => post('/ubus/', {
	jsonrpc: '2.0', id: ++requests, method: 'call', params: [ L.env.sessionid, 'uci', method, args ]
}).then(reply => reply.json()).then(({ result }) => result[1] || {});

const uci = {
	values: {},
	stored: {},

	load(config) {
		if (uci.values[config])
			return Promise.resolve();

		return callUci('get', { config }).then(({ values }) => {
			uci.values[config] = values || {};
			uci.stored[config] = structuredClone(values || {});
		});
	},

	unload(config) {
		delete uci.values[config];
	},

	sections: (config, type) => Object.values(uci.values[config] || {}).filter(section => section['.type'] == type),

	get(config, sid, option) {
		const section = (uci.values[config] || {})[sid];

		if (!section)
			return null;

		return option == null ? section : section[option];
	},

	add(config, type, name) {
		uci.values[config][name] = { '.name': name, '.type': type };
	},

	set(config, sid, option, value) {
		uci.values[config][sid][option] = value;
	},

	remove(config, sid) {
		delete uci.values[config][sid];
	},

	unset(config, sid, option) {
		delete uci.values[config][sid][option];
	},

	save() {
		const tasks = [];

		for (const config in uci.values) {
			for (const [ sid, section ] of Object.entries(uci.values[config])) {
				const before = uci.stored[config][sid];

				if (!before)
					tasks.push({ method: 'add', args: { config, type: section['.type'], name: sid } });

				const values = Object.entries(section).filter(([ name, value ]) =>
					name[0] != '.' && JSON.stringify(value) != JSON.stringify((before || {})[name]));
				const options = Object.keys(before || {}).filter(name => !(name in section));

				if (values.length)
					tasks.push({ method: 'set', args: { config, section: sid, values: Object.fromEntries(values) } });
				if (options.length)
					tasks.push({ method: 'delete', args: { config, section: sid, options } });
			}

			for (const sid of Object.keys(uci.stored[config]))
				if (!uci.values[config][sid])
					tasks.push({ method: 'delete', args: { config, section: sid } });

			uci.unload(config);
		}

		return tasks.reduce((before, { method, args }) => before.then(() => callUci(method, args)), Promise.resolve())
			.then(() => uci.load('ddns'));
	}
};

/* poll and ui */

const polls = [];
let polling = null;

const poll = {
	add(refresh) {
		polls.push(refresh);
		refresh();
		polling = polling || setInterval(() => polls.forEach(refresh => refresh()), L.env.pollinterval * 1000);
	}
};

const ui = {
	showModal(title, children, ...classes) {
		const overlay = document.getElementById('modal_overlay') ||
			document.body.appendChild(E('div', { 'id': 'modal_overlay', 'tabindex': '-1' }));

		dom.content(overlay, E('div', { 'class': [ 'modal', ...classes ].join(' '), 'role': 'dialog', 'aria-modal': 'true' },
			[ E('h4', {}, [ title ]), ...children ]));
		document.body.classList.add('modal-overlay-active');
		overlay.focus();
	},

	hideModal() {
		document.body.classList.remove('modal-overlay-active');
	},

	addNotification(title, children) {
		document.body.prepend(E('div', { 'class': 'alert-message' }, children));
	},

	createHandlerFn(self, method, ...args) {
		return ev => {
			const button = ev.currentTarget;

			button.disabled = true;
			return Promise.resolve(self[method](...args, ev)).finally(() => { button.disabled = false; });
		};
	},

	changes: {
		apply: () => post(L.url('admin/uci/apply_unchecked'), {})
	}
};

/* form */

const AbstractValue = Base.extend({
	__init__(map, section, option, title, description) {
		Object.assign(this, { map, section, option, title, description, default: null, rmempty: true, data: {} });
	},

	value(key, label) {
		(this.choices ??= []).push([ key, label ?? key ]);
	},

	cbid(sid) {
		return `cbid.ddns.${sid}.${this.option}`;
	},

	id(sid) {
		return `widget.${this.cbid(sid)}`;
	},

	load(sid) {
		return uci.get('ddns', sid, this.option);
	},

	cfgvalue(sid) {
		return this.data[sid];
	},

	widget(sid) {
		return document.getElementById(this.id(sid)) || this.map.root.querySelector(`[id="${this.id(sid)}"]`);
	},

	formvalue(sid) {
		const widget = this.widget(sid);

		return widget ? widget.value : null;
	},

	isActive(sid) {
		const field = this.map.findElement('data-field', this.cbid(sid));

		return field != null && !field.classList.contains('hidden');
	},

	checkDepends() {
		return true;
	},

	validate() {
		return true;
	},

	write(sid, value) {
		uci.set('ddns', sid, this.option, value);
	},

	remove(sid) {
		uci.unset('ddns', sid, this.option);
	},

	parse(sid) {
		if (!this.isActive(sid))
			return this.retain ? null : this.remove(sid);

		const value = this.formvalue(sid);

		if (value == null || value == '' || (value == this.default && this.rmempty))
			return this.remove(sid);

		if (JSON.stringify(value) != JSON.stringify(this.cfgvalue(sid)))
			return this.write(sid, value);
	},

	render(sid) {
		const node = E('div', { 'class': 'cbi-value', 'data-field': this.cbid(sid), 'data-name': this.option }, [
			E('label', { 'class': 'cbi-value-title', 'for': this.id(sid) }, [ this.title ]),
			E('div', { 'class': 'cbi-value-field' }, [
				this.renderWidget(sid, 0, this.cfgvalue(sid) ?? this.default),
				this.description ? E('div', { 'class': 'cbi-value-description' }, [ this.description ]) : ''
			])
		]);

		node.addEventListener('change', ev => {
			this.map.checkDepends();
			this.onchange?.(ev, sid, this.formvalue(sid));
		});

		return node;
	}
});

const Value = AbstractValue.extend({
	renderWidget(sid, index, value) {
		return E('div', {}, [ E('input', {
			'id': this.id(sid), 'type': this.password ? 'password' : 'text', 'class': 'cbi-input-text',
			'value': Array.isArray(value) ? value.join(' ') : value ?? '', 'placeholder': this.placeholder
		}) ]);
	}
});

const Flag = AbstractValue.extend({
	__init__(...args) {
		this.super('__init__', args);
		this.default = '0';
	},

	formvalue(sid) {
		return this.widget(sid)?.checked ? '1' : '0';
	},

	parse(sid) {
		const value = this.formvalue(sid);

		if (!this.isActive(sid))
			return this.retain ? null : this.remove(sid);

		return value == this.default && this.rmempty ? this.remove(sid) : this.write(sid, value);
	},

	renderWidget(sid, index, value) {
		return E('input', { 'id': this.id(sid), 'type': 'checkbox', 'checked': value == '1' ? '' : null });
	}
});

const ListValue = AbstractValue.extend({
	renderWidget(sid, index, value) {
		const choices = (this.optional ? [ [ '', this.placeholder ] ] : []).concat(this.choices);

		return E('select', { 'id': this.id(sid), 'class': 'cbi-input-select' }, choices.map(([ key, label ]) =>
			E('option', { 'value': key, 'selected': key == (value ?? '') ? '' : null }, [ label ])));
	}
});

const DynamicList = AbstractValue.extend({
	formvalue(sid) {
		const values = [ ...this.map.findElement('data-field', this.cbid(sid)).querySelectorAll('input') ]
			.map(input => input.value).filter(value => value);

		return values.length ? values : null;
	},

	renderWidget(sid, index, value) {
		const values = Array.isArray(value) ? value : String(value ?? '').split(' ').filter(word => word);

		/* As in LuCI, the last field takes a further value. */
		return E('div', { 'class': 'cbi-dynlist' }, [ ...values, '' ].map((value, i) => E('input', {
			'id': i == values.length ? this.id(sid) : null, 'class': 'cbi-input-text', 'value': value, 'aria-label': this.title
		})));
	}
});

const NamedSection = Base.extend({
	__init__(map, sid) {
		Object.assign(this, { map, sid, tabs: [], children: [] });
	},

	tab(name, title) {
		this.tabs.push({ name, title, children: [] });
	},

	taboption(tab, Class, ...args) {
		const option = new Class(this.map, this, ...args);

		this.tabs.find(({ name }) => name == tab).children.push(option);
		this.children.push(option);
		return option;
	},

	getOption(name) {
		return this.children.find(({ option }) => option == name);
	},

	formvalue(sid, name) {
		return this.getOption(name).formvalue(sid);
	},

	render() {
		const menu = E('ul', { 'class': 'cbi-tabmenu' });
		const panes = this.tabs.map(({ title, children }, i) => {
			const pane = E('div', { 'class': 'cbi-tab', 'hidden': i ? '' : null }, children.map(option => option.render(this.sid)));
			const select = ev => {
				ev?.preventDefault();
				menu.querySelectorAll('li').forEach((item, at) => item.classList.toggle('cbi-tab', at == i));
				panes.forEach((other, at) => { other.hidden = at != i; });
			};

			menu.appendChild(E('li', { 'class': i ? '' : 'cbi-tab' }, [ E('a', { 'href': '#', 'click': select }, [ title ]) ]));
			return pane;
		});

		return E('div', { 'class': 'cbi-section' }, [ menu, ...panes ]);
	}
});

const FormMap = Base.extend({
	__init__(config) {
		this.config = config;
		this.children = [];
	},

	section(Class, sid, type) {
		const section = new Class(this, sid, type);

		this.children.push(section);
		return section;
	},

	each(action) {
		return Promise.all(this.children.flatMap(section =>
			section.children.map(option => action(option, section.sid))));
	},

	findElement(attribute, value) {
		return this.root.querySelector(`[${attribute}="${value}"]`);
	},

	checkDepends() {
		this.each((option, sid) => {
			const field = this.findElement('data-field', option.cbid(sid));

			field.classList.toggle('hidden', !option.checkDepends(sid));
		});
	},

	async render() {
		await uci.load(this.config);
		await this.each(async (option, sid) => { option.data[sid] = await option.load(sid); });
		this.root ??= E('div', { 'class': 'cbi-map' });
		dom.content(this.root, this.children.map(section => section.render()));
		this.checkDepends();
		return this.root;
	},

	parse() {
		return this.each((option, sid) => option.parse(sid));
	},

	save() {
		return this.parse().then(() => uci.save()).then(() => this.render());
	}
});

/* Views */

const View = Base.extend({
	__init__() {
		const place = document.getElementById('view');

		Promise.resolve(this.load()).then(data => this.render(data)).then(node => dom.content(place, node));
	},

	load() {}
});

for (const [ name, module ] of Object.entries({
	baseclass: Base, dom, poll, rpc, uci, ui, view: View,
	form: { Map: FormMap, NamedSection, Value, Flag, ListValue, DynamicList }
}))
	modules[name] = Promise.resolve(module);

/* Shows a view, or the part of the status page at a path with `include`. */
window.show = path => L.require(path).then(module => {
	if (module instanceof View)
		return;

	return Promise.resolve(module.load()).then(data => module.render(data)).then(node =>
		dom.content(document.getElementById('view'), [ E('h3', {}, [ module.title ]), node ]));
});
