import type { GetAnswer, Operation } from '../history.ts';
import { LISTS } from '../keys.ts';
import { Violations } from './violations.ts';

/**
 * Lists only grow, so that of any two reads one begins with the other, whatever revisions say; what was acknowledged before a read
 * began is in it.
 */
export function checkLists(operations: readonly Operation[]): Violations {
  const violations = new Violations('B (lists)');
  const longest = new Map<string, readonly string[]>();
  const reads: { readonly key: string; readonly elements: readonly string[]; readonly operation: Operation }[] = [];
  const appended: { readonly key: string; readonly element: string; readonly operation: Operation }[] = [];
  for (const operation of operations) {
    const { request, answer } = operation;
    if (request.type === 'get' && request.key.startsWith(LISTS) && answer !== undefined) {
      const elements = (answer as GetAnswer).kvs[0]?.value.split(' ') ?? [];
      reads.push({ key: request.key, elements, operation });
      if (elements.length > (longest.get(request.key)?.length ?? 0)) longest.set(request.key, elements);
    } else if (request.type === 'txn' && answer?.type === 'txn' && answer.succeeded) {
      const [put] = request.success;
      if (put?.type !== 'put' || !put.key.startsWith(LISTS)) continue;
      appended.push({ key: put.key, element: put.value.split(' ').at(-1) as string, operation });
    }
  }
  for (const { key, elements } of reads) {
    violations.look('reads');
    const whole = longest.get(key) as readonly string[];
    if (elements.some((element, i) => element !== whole[i])) {
      violations.add('prefix', `${key} was read as ${elements.join(' ')} and as ${whole.join(' ')}`, key);
    }
  }
  const lengths = [...appended, ...reads].sort((a, b) => a.operation.return - b.operation.return);
  /** How long each list was known to be, over time. */
  const known = new Map<string, { readonly time: number; readonly length: number }[]>();
  for (const one of lengths) {
    const place = 'element' in one ? (longest.get(one.key)?.indexOf(one.element) ?? -1) + 1 : one.elements.length;
    const steps = known.get(one.key) ?? [];
    steps.push({ time: one.operation.return, length: Math.max(place, steps.at(-1)?.length ?? 0) });
    known.set(one.key, steps);
  }
  for (const { key, elements, operation } of reads) {
    if (operation.request.type === 'get' && operation.request.serializable) continue;
    const before = known.get(key)?.findLast(({ time }) => time < operation.call)?.length ?? 0;
    if (elements.length < before) {
      violations.add(
        'stale',
        `${key} was read with ${elements.length} elements, though ${before} were there before`,
        key,
      );
    }
  }
  violations.look('appended', appended.length);
  return violations;
}
