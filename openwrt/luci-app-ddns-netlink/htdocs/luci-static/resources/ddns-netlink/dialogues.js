'use strict';
'require baseclass';
'require ui';
'require ddns-netlink.daemon as daemon';
'require ddns-netlink.times as times';

/* Dialogues that only show something. */

function show(title, children) {
	ui.showModal(title, [
		...children,
		E('div', { 'class': 'right button-row' }, [
			E('button', { 'class': 'btn cbi-button', 'click': ui.hideModal }, [ _('Close') ])
		])
	], 'cbi-modal');
}

function cell(title, content) {
	return E('td', { 'class': 'td', 'data-title': title }, [ content ]);
}

function change(entry) {
	return E('tr', { 'class': 'tr' }, [
		cell(_('Name'), `${entry.name} ${entry.type}`),
		cell(_('From'), entry.old || '-'),
		cell(_('To'), entry.new || _('removed')),
		cell(_('Seen'), times.date(entry.seen_at)),
		cell(_('Sent'), times.date(entry.sent_at)),
		cell(_('Accepted'), times.date(entry.accepted_at))
	]);
}

return baseclass.extend({
	/* Everything that `why` says of the sections of a row. */
	why(row) {
		return Promise.all(row.sections.map(section => daemon.why(section))).then(texts =>
			show(_('Why: %s').format(row.name), texts.map((text, i) =>
				E('pre', { 'data-role': 'why', 'tabindex': '0', 'style': 'white-space:pre-wrap;overflow-wrap:anywhere' },
					[ text || row.note || _('The daemon does not know the section %s.').format(row.sections[i]) ]))));
	},

	/* A table of changes, newest first. */
	changes(list) {
		if (!list.length)
			return E('p', {}, [ E('em', {}, [ _('There was no change yet.') ]) ]);

		const titles = [ _('Name'), _('From'), _('To'), _('Seen'), _('Sent'), _('Accepted') ];

		return E('table', { 'class': 'table', 'data-role': 'changes' }, [
			E('tr', { 'class': 'tr table-titles' }, titles.map(title => E('th', { 'class': 'th' }, [ title ]))),
			...[ ...list ].sort((a, b) => (b.seen_at || 0) - (a.seen_at || 0)).map(change)
		]);
	},

	history(row) {
		return daemon.history(row.name).then(list => show(_('History: %s').format(row.name), [ this.changes(list) ]));
	}
});
