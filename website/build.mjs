// npm run docs: builds the site from the Markdown and the comments, and fails if something in them is wrong: a link that leads
// nowhere, a name without a sentence, a guide without a place.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Application } from 'typedoc';
import { repository } from '../scripts/repository.mjs';
import { coverageOf } from './coverage.mjs';
import { deadLinks } from './dead-links.mjs';
import { entries, root } from './entries.mjs';
import { deadLinksOfOthers } from './other-documents.mjs';
import { pages } from './pages.mjs';
import { arrange, groups } from './structure.mjs';

const GOALS = { names: 1, members: 1 };
const site = join(root, 'site');

/** The examples of comments are indented code, and TypeDoc has a button to copy it only for fenced code. */
function copyIndentedCode(parser) {
  parser.core.ruler.push('indented', ({ tokens }) => {
    for (const token of tokens) if (token.type === 'code_block') Object.assign(token, { type: 'fence', info: 'ts' });
  });
}

const app = await Application.bootstrap({
  name: 'etcdts',
  tsconfig: join(root, 'website/tsconfig.json'),
  entryPoints: entries.map(({ source }) => source),
  projectDocuments: Object.values(pages).flatMap((paths) => paths.map((path) => join(root, path))),
  readme: join(root, 'README.md'),
  out: site,
  // The build has checked the types.
  skipErrorChecking: true,
  basePath: root,
  disableGit: true,
  sourceLinkTemplate: `${repository}/blob/main/{path}#L{line}`,
  router: 'addresses',
  sort: ['documents-first', 'kind', 'instance-first', 'alphabetical-ignoring-documents'],
  categorizeByGroup: false,
  categoryOrder: groups,
  navigation: { includeCategories: true },
  navigationLinks: { Repository: repository },
  searchInComments: true,
  searchInDocuments: true,
  includeHierarchySummary: false,
  highlightLanguages: ['diff', 'javascript', 'json', 'sh', 'typescript', 'yaml'],
  hideGenerator: true,
  headings: { readme: false },
  markdownItLoader: copyIndentedCode,
  customCss: join(root, 'website/site.css'),
  favicon: join(root, 'website/icon.svg'),
  validation: { notExported: true, invalidLink: true, invalidPath: true, rewrittenLink: true },
});
arrange(app);

const points = app.getEntryPoints();
const nameOf = (file) => entries.find(({ source }) => source === file.fileName).name;
const project = app.converter.convert(points.map((each) => ({ ...each, displayName: nameOf(each.sourceFile) })));
app.validate(project);
await app.generateOutputs(project);

const faults = [...deadLinks(site), ...deadLinksOfOthers(root)];
const listed = new Set(Object.values(pages).flat());
const guides = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
for (const name of guides)
  if (!listed.has(`docs/${name}`)) faults.push(`docs/${name} has no place in website/pages.mjs`);

for (const [what, rows] of Object.entries(coverageOf(project))) {
  const bare = rows.filter(({ described }) => !described);
  const share = 1 - bare.length / rows.length;
  console.log(
    `${rows.length - bare.length} of ${rows.length} public ${what} have a sentence: ${(100 * share).toFixed(1)} %`,
  );
  const listing = process.argv.includes('--bare') || share < GOALS[what];
  for (const { name, source } of listing ? bare : []) console.log(`  ${source} ${name}`);
  if (share < GOALS[what]) faults.push(`the goal for ${what} is ${100 * GOALS[what]} %`);
}
for (const fault of faults) console.log(fault);
const failed = faults.length > 0 || app.logger.hasErrors() || app.logger.hasWarnings();
console.log(failed ? 'The site has faults.' : 'The site is in site/; its first page is site/index.html.');
process.exitCode = failed ? 1 : 0;
