'use strict';
'require baseclass';
'require ddns-netlink.rows as model';
'require ddns-netlink.times as times';

/* The table of the overview: a row for each name. */

/* The style of LuCI's themes for a state, and the word for it. */
const STATES = {
	'published': [ 'success', _('published') ],
	'sending': [ 'notice', _('sending') ],
	'settling': [ 'notice', _('settling') ],
	'paced': [ 'notice', _('waiting') ],
	'unknown': [ 'notice', _('unknown') ],
	'held': [ 'warning', _('held') ],
	'back-off': [ 'warning', _('failed') ],
	'no-address': [ 'warning', _('no address') ],
	'no-route': [ 'warning', _('no route') ],
	'standby': [ '', _('standby') ],
	'stopped': [ '', _('stopped') ],
	'disabled': [ '', _('not enabled') ],
	'given-up': [ 'warning', _('given up') ],
	'refused': [ 'warning', _('refused') ],
	'broken': [ 'warning', _('mistake') ]
};

function badge(state) {
	const [ style, word ] = STATES[state] || [ 'notice', state ];

	return E('span', { 'class': `label ${style}`, 'data-state': state }, [ word ]);
}

function line(children) {
	return E('div', {}, children);
}

/* The addresses of a record: what the provider has, and what this router has. */
function addresses(record) {
	const parts = [ line([
		E('strong', {}, [ record.type ]), ' ', badge(record.state), ' ',
		E('span', { 'data-role': 'published', 'style': 'overflow-wrap:anywhere' }, [ record.published || _('nothing published') ]),
		record.since ? ` ${_('since %s').format(times.date(record.since))}` : ''
	]) ];

	if (record.desired && (record.desired != record.published || record.seen_at))
		parts.push(E('small', { 'data-role': 'seen' }, [
			record.seen_at
				? _('Seen: %s since %s').format(record.desired, times.date(record.seen_at))
				: _('Seen: %s').format(record.desired)
		]));

	return E('div', { 'class': 'ddns-record', 'style': 'margin-bottom:.5em' }, [
		...parts,
		line([ E('span', { 'data-role': 'reason' }, [ record.reason ]) ])
	]);
}

/* When the last change was sent and accepted, and when the next request follows. */
function changes(record) {
	const { request_after_ms: sent, accepted_after_ms: accepted, next_in: next } = record;
	const parts = [];

	if (sent != null && accepted != null)
		parts.push(_('sent after %s, accepted after %s').format(times.millis(sent), times.millis(accepted)));
	if (next != null)
		parts.push(_('next request: %s').format(times.after(next)));

	return parts.length ? line([ E('strong', {}, [ record.type ]), ' ', parts.join('; ') ]) : '';
}

/* The providers and the lines of a row, each once. */
function lines(row) {
	const texts = row.records.map(record => `${record.provider}, ${record.line}`);

	return [ ...new Set(texts) ].map(text => line([ E('small', {}, [ text ]) ]));
}

function button(row, action, label, style, handlers) {
	return E('button', {
		'class': `btn cbi-button cbi-button-${style}`,
		'data-key': `${row.name}/${action}`,
		'aria-label': `${label}: ${row.name}`,
		'click': handlers[action].bind(null, row)
	}, [ label ]);
}

function buttons(row, handlers) {
	const of = (action, label, style) => handlers[action] ? button(row, action, label, style, handlers) : '';

	if (row.state)
		return [ of('edit', _('Edit'), 'edit') ];

	return [
		model.isStopped(row) ? of('start', _('Start'), 'positive') : of('update', _('Update'), 'action'), ' ',
		model.isStopped(row) ? '' : of('stop', _('Stop'), 'negative'), ' ',
		of('why', _('Why'), 'neutral'), ' ',
		of('history', _('History'), 'neutral'), ' ',
		of('edit', _('Edit'), 'edit')
	];
}

function render(row, handlers) {
	const state = row.state ? [ line([ badge(row.state), ' ', row.note ]) ] : row.records.map(addresses);

	return E('tr', { 'class': 'tr', 'data-name': row.name }, [
		E('td', { 'class': 'td', 'data-title': _('Name') }, [
			E('strong', { 'style': 'overflow-wrap:break-word' }, [ row.name ]),
			line([ E('small', {}, [ _('section %s').format(row.sections.join(', ')) ]) ]),
			...lines(row)
		]),
		E('td', { 'class': 'td', 'data-title': _('Addresses') }, state),
		E('td', { 'class': 'td', 'data-title': _('Changes') }, row.records.map(changes)),
		E('td', { 'class': 'td cbi-section-actions' }, buttons(row, handlers))
	]);
}

return baseclass.extend({
	badge,

	render(rows, handlers) {
		if (!rows.length)
			return E('p', {}, [ E('em', {}, [ _('There is no section yet. Add one below.') ]) ]);

		return E('table', { 'class': 'table cbi-section-table', 'data-role': 'names' }, [
			E('tr', { 'class': 'tr table-titles' }, [ _('Name'), _('Addresses'), _('Changes'), '' ]
				.map(title => E('th', { 'class': 'th', 'scope': 'col' }, [ title ]))),
			...rows.map(row => render(row, handlers))
		]);
	}
});
