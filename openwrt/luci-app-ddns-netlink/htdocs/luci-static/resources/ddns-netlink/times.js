'use strict';
'require baseclass';

/* Times as the owner reads them. */

return baseclass.extend({
	/* A moment, in seconds since 1970. */
	date(seconds) {
		return seconds ? new Date(seconds * 1000).toLocaleString([], { dateStyle: 'short', timeStyle: 'medium' }) : '';
	},

	/* The moment that is some seconds away, to the minute. */
	after(seconds) {
		const at = new Date(Date.now() + seconds * 1000);

		return at.toLocaleString([], { dateStyle: 'short', timeStyle: 'short' });
	},

	/* A duration in milliseconds. */
	millis(value) {
		if (value >= 10000)
			return _('%d s').format(Math.round(value / 1000));

		return _('%d ms').format(Math.max(1, Math.round(value)));
	}
});
