// Where things stand in the site: titles, groups and addresses of pages, and the READMEs of packages on their pages.
import { readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { Comment, CommentTag, Converter, JSX, MinimalSourceFile, ReflectionKind, StructureRouter } from 'typedoc';
import { repository } from '../scripts/repository.mjs';
import { entries, root } from './entries.mjs';
import { pages } from './pages.mjs';

const REFERENCE = 'API reference';
export const groups = [...Object.keys(pages), REFERENCE];

const titleOf = (text) => /^# (.*)$/m.exec(text)[1].replaceAll('`', '');
const groupOf = (path) => Object.keys(pages).find((group) => pages[group].includes(path));

class Addresses extends StructureRouter {
  getIdealBaseName(reflection) {
    const path = super.getIdealBaseName(reflection);
    return reflection.isDocument() ? `guides/${reflection.frontmatter.address}` : path.replace(/^[^/]*/, 'api');
  }
}

/** A link to a file that is no page of the site leads to the repository. An image stays, and is copied. */
function leadToRepository(parts, files, project) {
  for (const part of parts) {
    const target = part.kind === 'relative-link' && files.resolve(part.target, project);
    if (typeof target !== 'string' || /\.(svg|png)$/.test(target)) continue;
    const anchor = part.targetAnchor === undefined ? '' : `#${part.targetAnchor}`;
    Object.assign(part, { kind: 'text', text: `${repository}/blob/main/${relative(root, target)}${anchor}` });
  }
}

/** Adds the README of a package to the page of its first entry. Returns whether the entry is one. */
function addReadme(module, app, files) {
  const { readme } = entries.find(({ name }) => name === module.name);
  if (readme === undefined) return false;
  // The page has the name of the package as its title.
  const text = readFileSync(readme, 'utf8').replace(/^# .*\n/, '');
  module.readme = app.converter.parseRawComment(new MinimalSourceFile(text, readme), files).content;
  files.registerReflectionPath(readme, module);
  return true;
}

/** Beside a README, a comment is only the line about the package in lists of packages. */
function shorten(comment) {
  comment.blockTags.push(new CommentTag('@summary', comment.getShortSummary(true)));
  comment.summary = [];
}

/** A module of another package is described by that package. */
function leaveToItsPackage(namespace, project) {
  const [path] = namespace.sources[0].fullFileName.split('node_modules/').slice(-1);
  for (const child of [...(namespace.children ?? [])]) project.removeReflection(child);
  namespace.comment = new Comment([{ kind: 'text', text: `The module \`${dirname(path)}\`, as it is.` }]);
}

// TypeDoc keeps in the browser which groups are open, and begins with none. The guides are open on a first visit.
const openGuides = `try {
  for (const group of ${JSON.stringify(Object.keys(pages))}) localStorage['tsd-accordion-' + group] ??= 'true';
} catch {}`;

/** Arranges what an application of TypeDoc converts. */
export function arrange(app) {
  app.renderer.defineRouter('addresses', Addresses);
  app.renderer.hooks.on('head.end', () =>
    JSX.createElement('script', null, JSX.createElement(JSX.Raw, { html: openGuides })),
  );
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_context, document) => {
    const path = relative(root, document.project.files.getReflectionPath(document));
    document.name = titleOf(readFileSync(join(root, path), 'utf8'));
    document.frontmatter.category = groupOf(path);
    document.frontmatter.address = basename(path.replace(/\/README\.md$/, ''), '.md').toLowerCase();
  });
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.getChildrenByKind(ReflectionKind.Module)) {
      module.comment ??= new Comment();
      module.comment.blockTags.push(new CommentTag('@category', [{ kind: 'text', text: REFERENCE }]));
      if (addReadme(module, app, project.files)) shorten(module.comment);
    }
    for (const namespace of project.getReflectionsByKind(ReflectionKind.Namespace))
      leaveToItsPackage(namespace, project);
  });
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    const texts = [
      project.readme,
      ...Object.values(project.reflections).flatMap((each) => [each.readme, each.content]),
    ];
    for (const parts of texts) if (parts !== undefined) leadToRepository(parts, project.files, project);
  });
}
