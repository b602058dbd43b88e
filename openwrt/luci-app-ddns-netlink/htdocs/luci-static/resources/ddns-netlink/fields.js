'use strict';
'require baseclass';
'require form';
'require uci';

/* Fields of the form that LuCI does not have. */

/* A password. What is stored is never shown, and an empty field keeps it. */
const Secret = form.Value.extend({
	__init__(...args) {
		this.super('__init__', args);
		this.password = true;
	},

	load(sid) {
		if (uci.get('ddns', sid, this.option))
			this.placeholder = _('unchanged');

		return '';
	},

	remove() {}
});

/* Whether a section has IPv4 or IPv6 records. Two options say it together: `use_ipv6` alone means one family,
 * because stock LuCI does not know a third value of it, and `also_ipv6` means both. */
const Family = form.Flag.extend({
	load(sid) {
		const use = uci.get('ddns', sid, 'use_ipv6') || '0';
		const both = use == 'both' || uci.get('ddns', sid, 'also_ipv6') == '1';

		return (both || (use == '1') == this.isV6) ? '1' : '0';
	},

	parse(sid) {
		const checked = name => this.section.formvalue(sid, name) == '1';
		const v4 = checked('use_ipv6');
		const v6 = checked('also_ipv6');

		/* Both are written by the field of IPv4. */
		if (!this.isV6 && (v4 || v6)) {
			uci.set('ddns', sid, 'use_ipv6', v4 ? '0' : '1');

			if (v4 && v6)
				uci.set('ddns', sid, 'also_ipv6', '1');
			else
				uci.unset('ddns', sid, 'also_ipv6');
		}

		return Promise.resolve();
	}
});

/* A list. One value is written as `option`, so that other programs that know no list can read it. */
const List = form.DynamicList.extend({
	write(sid, value) {
		const values = L.toArray(value);

		if (L.toArray(this.cfgvalue(sid)).join(' ') != values.join(' '))
			uci.set('ddns', sid, this.option, values.length == 1 ? values[0] : values);
	}
});

/* A text with proposals that the browser narrows down while the owner types. */
const Typed = form.Value.extend({
	renderWidget(...args) {
		const node = this.super('renderWidget', args);
		const input = node.querySelector('input');
		const id = `choices.${this.cbid(args[0])}`;

		input.setAttribute('list', id);
		node.appendChild(E('datalist', { id },
			this.proposals.map(([ value, label ]) => E('option', { value }, [ label || value ]))));

		return node;
	}
});

return baseclass.extend({ Secret, Family, List, Typed });
