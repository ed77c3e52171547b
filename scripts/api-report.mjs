// Makes the reports in api/ from the extracted APIs, compares them with the committed ones, and finds faults of an API itself.

const EXPORT =
  /^(?:\/\/ @public( \(undocumented\))?\n)?export (?:\w+ )*?(?:class|const|function|interface|type) (\w+)/gm;

const exportsOf = ({ api }) =>
  Array.from(api.matchAll(EXPORT), ([, undocumented, name]) => ({ name, undocumented: undocumented !== undefined }));

/**
 * Returns the faults of the APIs of `extractApis`, a line each: a name of ours in a type that no entry of the package exports,
 * an exported name without a comment, a name that two entries of a package export.
 */
export function faultsOf(apis) {
  return apis.flatMap((entry) => {
    const source = `packages/${entry.name}/src/${entry.entry}.ts`;
    const siblings = apis.filter((other) => other.name === entry.name && other !== entry);
    const elsewhere = new Set(siblings.flatMap(exportsOf).map(({ name }) => name));
    const own = exportsOf(entry);
    const missing = mentioned(entry).filter((name) => !elsewhere.has(name) && !own.some((each) => each.name === name));
    // Of the overloads of a function, one has the comment.
    const commented = new Set(own.filter(({ undocumented }) => !undocumented).map(({ name }) => name));
    const bare = own.filter(({ name }) => !commented.has(name));
    const twice = own.filter(({ name }) => elsewhere.has(name));
    return [
      ...missing.map((name) => `${source} mentions ${name} in a type, and no entry of the package exports it`),
      ...bare.map(({ name }) => `${source} exports ${name}, which has no comment`),
      ...twice.map(({ name }) => `${source} exports ${name}, and so does another entry of the package`),
    ];
  });
}

/** The names in an API. For a module that a type imports as a whole, these are the names taken from it. */
function mentioned({ api, forgotten }) {
  const names = forgotten.flatMap((name) => {
    const members = Array.from(api.matchAll(new RegExp(`\\b${name}\\.(\\w+)`, 'g')), ([, member]) => member);
    return members.length > 0 ? members : [name];
  });
  return [...new Set(names)];
}

/** The reports by file name: one for each entry. */
export function reportsOf(apis) {
  return new Map(
    apis.map(({ name, entry, api }) => {
      const [file, title] = entry === 'index' ? [name, name] : [`${name}-${entry}`, `${name}/${entry}`];
      const text = `# The API of @etcdts/${title}\n\nMade by \`npm run api\`, not edited.\n\n\`\`\`ts\n${api}\n\`\`\`\n`;
      return [`${file}.api.md`, text];
    }),
  );
}

/** The differences between the reports and the committed ones, a line each; none if they are equal. */
export function differencesOf(reports, committed) {
  const files = [...new Set([...reports.keys(), ...committed.keys()])];
  const lines = files.flatMap((file) => {
    const [now, before] = [reports.get(file) ?? '', committed.get(file) ?? ''];
    if (now === before) return [];
    return [`api/${file} is not the API of what was built:`, ...changedLines(before, now).map((line) => `  ${line}`)];
  });
  return lines.length === 0 ? [] : [...lines, 'If the change is meant, run `npm run api` and commit api/ with it.'];
}

/** The lines that only one of two texts has, at most 20. */
function changedLines(before, now) {
  const [old, fresh] = [before.split('\n'), now.split('\n')];
  const lines = [
    ...old.filter((line) => !fresh.includes(line)).map((line) => `- ${line}`),
    ...fresh.filter((line) => !old.includes(line)).map((line) => `+ ${line}`),
  ];
  return lines.length > 20 ? [...lines.slice(0, 20), `… and ${lines.length - 20} lines more`] : lines;
}
