'use strict';
'require baseclass';
'require rpc';

/* The methods of the daemon's object `ddns` on ubus, as ddns-netlink(8) describes them. */

const call = (method, params, expect) => rpc.declare({ object: 'ddns', method, params, expect });

return baseclass.extend({
	/* The state of every record. Rejected while no daemon runs. */
	status: rpc.declare({ object: 'ddns', method: 'status', expect: { '': {} }, reject: true }),

	/* The text of `why`. */
	why: call('why', [ 'section' ], { text: '' }),

	update: call('update', [ 'section' ], { text: '' }),
	stop: call('stop', [ 'section' ], { text: '' }),
	start: call('start', [ 'section' ], { text: '' }),

	/* Every provider: names, title, records, note, needs. */
	providers: call('providers', [], { providers: [] }),

	/* The text of a section's log file. */
	log: call('log', [ 'section' ], { text: '' }),

	/* The mistakes in the text of a configuration: line, error, text. */
	check: call('check', [ 'text' ], { mistakes: [] }),

	/* What would be sent with the text of a configuration. */
	test: call('test', [ 'text' ], { text: '' }),

	/* The changes of a name, of all names without one. */
	history: call('history', [ 'name' ], { changes: [] })
});
