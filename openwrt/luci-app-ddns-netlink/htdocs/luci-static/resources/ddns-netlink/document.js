'use strict';
'require baseclass';
'require uci';

/* The text of a configuration file with one section as the form has it, for `check` and `test`. */

const quoted = value => `'${String(value).replace(/'/g, "'\\''")}'`;

/* Appends a section; `places` gets the option of each line. */
function write(lines, places, header, values) {
	const push = (option, text) => {
		for (const line of text.split('\n')) {
			lines.push(line);
			places.push(option);
		}
	};

	push(null, header);

	for (const name in values) {
		if (name.charAt(0) == '.')
			continue;

		if (Array.isArray(values[name]))
			values[name].forEach(value => push(name, `\tlist ${name} ${quoted(value)}`));
		else
			push(name, `\toption ${name} ${quoted(values[name])}`);
	}
}

return baseclass.extend({
	/* `text`, and `option(line)`: the option that is on this line, numbered from 1. */
	of(sid, changes) {
		const lines = [];
		const places = [];

		if (sid != 'global')
			write(lines, places, "config ddns 'global'", uci.get('ddns', 'global') || {});

		const type = sid == 'global' ? 'ddns' : 'service';
		const begin = lines.length;

		write(lines, places, `config ${type} ${quoted(sid)}`,
			Object.assign({}, uci.get('ddns', sid), changes));

		return {
			text: `${lines.join('\n')}\n`,
			option: line => places[line - 1],
			/* Whether a line belongs to the section. */
			includes: line => line > begin || line == 0
		};
	}
});
