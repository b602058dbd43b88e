'use strict';
'require baseclass';

/* What the overview shows, worked out of the daemon's status and of the configuration. No DOM here. */

/* Ranges of IPv4 addresses that cannot be reached from the internet, each with what helps. */
const SHARED = [
	[ /^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./,
	  _('The ISP shares one IPv4 address among customers (carrier-grade NAT), so nobody can reach this router by IPv4. Ask the ISP for a public IPv4 address, or publish only IPv6.') ],
	[ /^(10|192\.168|172\.(1[6-9]|2\d|3[01]))\./,
	  _('Another router is in front of this one and has the public IPv4 address. Let it forward ports to this router, and take the address from a web page or from the gateway.') ]
];

const list = value => Array.isArray(value) ? value : String(value || '').split(/\s+/).filter(word => word);

/* The IPv4 addresses in a sentence. */
const addresses = sentence => String(sentence || '').match(/\b\d+\.\d+\.\d+\.\d+\b/g) || [];

/* The line that a record follows, and why it is not a preferred one. A section without a choice of lines has only
 * its source. */
function line(section, record) {
	const family = record.type == 'A' ? 'IPv4' : 'IPv6';
	const used = (section.lines || []).find(used => used.family == family);

	if (!used)
		return section.source;

	return [ _('%s line: %s').format(family, used.line), used.reason ].filter(text => text).join('; ');
}

function alarm(kind, record, text) {
	return { kind, name: record.name, type: record.type, section: record.section, text };
}

return baseclass.extend({
	/* A row for each name, with the records of both families and the sections they are in. */
	of(status, services) {
		const rows = [];
		const row = name => {
			let found = rows.find(row => row.name == name);

			if (!found)
				rows.push(found = { name, records: [], sections: [], note: null });

			return found;
		};
		const add = (name, section) => {
			const found = row(name);

			if (!found.sections.includes(section))
				found.sections.push(section);

			return found;
		};

		for (const section of status.sections || [])
			for (const record of section.records)
				add(record.name, section.name).records.push(Object.assign({
					section: section.name,
					provider: section.provider,
					line: line(section, record)
				}, record));

		const idle = (section, state, note) => {
			const service = services.find(service => service['.name'] == section) || {};
			const names = list(service.domain || service.lookup_host || section);

			for (const name of names)
				Object.assign(add(name, section), { state, note });
		};

		for (const section of status.disabled || [])
			idle(section, 'disabled', _('This section is not enabled.'));
		for (const section of status.broken || [])
			idle(section.name, 'broken', section.reason);

		return rows;
	},

	/* What the owner must do something about. */
	alarms(rows) {
		const alarms = [];

		for (const row of rows) {
			if (row.state == 'broken')
				alarms.push({ kind: 'broken', name: row.name, section: row.sections[0], text: row.note });

			for (const record of row.records) {
				if (record.state == 'refused' || record.state == 'given-up')
					alarms.push(alarm('refused', record, record.reason));

				if (record.foreign_at)
					alarms.push(alarm('foreign', record,
						_('Somebody else has written %s into this record, so it is left alone. Look for another device or program that updates the same name, and stop one of the two. Then press Update.').format(record.foreign.join(', ') || '-')));

				if (record.state == 'no-address')
					for (const [ range, help ] of SHARED)
						if (addresses(record.reason).some(address => range.test(address)))
							alarms.push(alarm('shared', record, help));
			}
		}

		return alarms;
	},

	/* Whether nothing is sent for any section of a row because the owner has stopped it. */
	isStopped(row) {
		return row.records.length > 0 && row.records.every(record => record.state == 'stopped');
	}
});
