// Reads the import statements of source files, and finds the circles that they close.
import { dirname, join } from 'node:path/posix';

/** Returns each import of the text as `{ module, index, typeOnly }`, including re-exports, dynamic and type imports. */
export function importsOf(text) {
  // A statement starts a line, so that code in a test's strings is not counted.
  const imports = /^(?:import|export)\b(?:[^'"`;]*?\bfrom)?\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm;
  return Array.from(text.matchAll(imports), (match) => ({
    module: match[1] ?? match[2],
    index: match.index,
    typeOnly: /^(import|export) type\b/.test(match[0]),
  }));
}

/** The source file of an imported module, as `file` names it; `undefined` for a module that is not ours. */
function fileOf(file, module) {
  if (module.startsWith('.')) return join(dirname(file), module);
  const [, name, entry = 'index'] = /^@etcdts\/([^/]+)(?:\/([^/]+))?$/.exec(module) ?? [];
  return name && `packages/${name}/src/${name === 'proto' ? 'descriptor' : entry}.ts`;
}

/**
 * Returns every circle of imports among the sources, a map from path to text: for each import on a circle, the shortest way back
 * to it. A circle is a list of paths that begins and ends with the first of them by name.
 */
export function findCircles(sources) {
  const graph = new Map();
  for (const [file, text] of sources) {
    const targets = importsOf(text).map(({ module }) => fileOf(file, module));
    graph.set(file, [...new Set(targets.filter((target) => sources.has(target)))]);
  }
  const circles = new Map();
  for (const [file, targets] of graph) {
    for (const target of targets) {
      const back = shortestPath(graph, target, file);
      if (back === undefined) continue;
      const first = back.indexOf(back.reduce((least, path) => (path < least ? path : least)));
      const circle = [...back.slice(first), ...back.slice(0, first), back[first]];
      circles.set(circle.join(' '), circle);
    }
  }
  return [...circles.values()];
}

function shortestPath(graph, from, to) {
  const cameFrom = new Map([[from, undefined]]);
  for (const file of cameFrom.keys()) {
    if (file === to) {
      const path = [];
      for (let step = file; step !== undefined; step = cameFrom.get(step)) path.unshift(step);
      return path;
    }
    for (const target of graph.get(file)) if (!cameFrom.has(target)) cameFrom.set(target, file);
  }
  return undefined;
}
