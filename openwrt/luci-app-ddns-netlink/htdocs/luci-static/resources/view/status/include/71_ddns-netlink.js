'use strict';
'require baseclass';
'require ddns-netlink.daemon as daemon';
'require ddns-netlink.rows as model';
'require ddns-netlink.table as table';

/* A line for each record on LuCI's status page. */

function line(record) {
	return E('tr', { 'class': 'tr', 'data-name': record.name }, [
		E('td', { 'class': 'td left', 'data-title': _('Name') }, [ `${record.name} ${record.type}` ]),
		E('td', { 'class': 'td left', 'data-title': _('Address') }, [ record.published || _('nothing published') ]),
		E('td', { 'class': 'td left', 'data-title': _('State') }, [ table.badge(record.state), ' ', record.reason ])
	]);
}

return baseclass.extend({
	title: _('Dynamic DNS'),

	load() {
		return L.resolveDefault(daemon.status(), null);
	},

	render(status) {
		if (!status)
			return E('p', {}, [ E('em', {}, [ _('The daemon does not run.') ]) ]);

		const records = model.of(status, []).flatMap(row => row.records);

		if (!records.length)
			return E('p', {}, [ E('em', {}, [ _('There is no section yet.') ]) ]);

		return E('table', { 'class': 'table' }, [
			E('tr', { 'class': 'tr table-titles' }, [ _('Name'), _('Address'), _('State') ]
				.map(title => E('th', { 'class': 'th' }, [ title ]))),
			...records.map(line)
		]);
	}
});
