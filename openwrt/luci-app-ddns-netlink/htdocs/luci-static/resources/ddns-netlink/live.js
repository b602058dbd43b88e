'use strict';
'require baseclass';
'require poll';
'require rpc';

/* Tells a view that the state of a record has changed. uhttpd passes on the notifications of the daemon
 * (`ubus subscribe`). LuCI's poll asks beside that: for times that pass, and where no uhttpd serves LuCI. */

/* Calls `changed` for each notification. Resolves when there will be no more. */
function follow(changed) {
	const base = (L.env.ubuspath || '/ubus').replace(/\/+$/, '');
	const headers = { Authorization: `Bearer ${rpc.getSessionID()}` };

	return fetch(`${base}/subscribe/ddns`, { headers }).then(response => {
		const type = response.headers.get('Content-Type') || '';

		if (!response.ok || !type.startsWith('text/event-stream'))
			return;

		const reader = response.body.getReader();
		const next = () => reader.read().then(part => {
			if (part.done)
				return;

			changed();
			return next();
		});

		return next();
	}).catch(() => {});
}

return baseclass.extend({
	watch(refresh) {
		let following = false;
		let failures = 0;

		poll.add(() => {
			/* A daemon or a session that has ended ends the notifications, too. */
			if (!following && failures < 3) {
				following = true;
				failures++;
				follow(() => { failures = 0; refresh(); }).then(() => { following = false; });
			}

			return refresh();
		});
	}
});
