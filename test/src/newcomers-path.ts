// The way of a newcomer through the documents: from README.md by the link to the first page, then by the first link after `Next:`.
import { dirname, join, normalize } from 'node:path';
import { blocksOf, textOf, type Block } from './documents.ts';

/** One page on the way, with the first program that it shows. */
export interface Step {
  readonly page: string;
  readonly program: Block;
}

const FIRST = /^\*\*First steps\*\*.*?\]\((docs\/tls\.md)\)/m;
const NEXT = /^Next: \[[^\]]*\]\(([^)#]*)/m;

/** The pages in their order, until one leads nowhere. */
export function newcomersPath(): readonly Step[] {
  const steps: Step[] = [];
  let next = FIRST.exec(textOf('README.md'))?.[1];
  while (next !== undefined && steps.every(({ page }) => page !== next)) {
    const [page, text] = [next, textOf(next)];
    const program = blocksOf({ path: page, text }).find(({ runs }) => runs);
    if (program === undefined) throw new Error(`${page} shows no program`);
    steps.push({ page, program });
    const target = NEXT.exec(text)?.[1];
    next = target === undefined ? undefined : normalize(join(dirname(page), target));
  }
  return steps;
}
