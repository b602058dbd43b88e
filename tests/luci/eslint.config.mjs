// The rules of LuCI's repository for its views (`make lint-luci`), and unused variables.
import js from '@eslint/js';
import globals from 'globals';

const modules = [
	'baseclass', 'daemon', 'dialogues', 'dom', 'editor', 'fields', 'form', 'hosts', 'live', 'model', 'options', 'poll', 'rpc',
	'table', 'text', 'times', 'uci', 'ui', 'view'
];

export default [
	{
		files: [ '**/*.js' ],
		...js.configs.recommended,
		linterOptions: { reportUnusedDisableDirectives: 'off' },
		languageOptions: {
			sourceType: 'script',
			ecmaVersion: 2026,
			globals: {
				...globals.browser,
				_: 'readonly', L: 'readonly', E: 'readonly',
				...Object.fromEntries(modules.map(name => [ name, 'readonly' ]))
			},
			/* A module of LuCI is the body of a function. */
			parserOptions: { ecmaFeatures: { globalReturn: true } }
		},
		rules: {
			...js.configs.recommended.rules,
			'no-empty': 'off',
			'no-control-regex': 'off',
			'no-regex-spaces': 'off',
			'no-prototype-builtins': 'off',
			'no-redeclare': [ 'error', { builtinGlobals: false } ],
			'no-undef': 'error',
			'no-unused-vars': [ 'error', { args: 'none', caughtErrors: 'none' } ]
		}
	}
];
