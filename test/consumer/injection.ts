// An application whose interceptors are classes, with dependencies of their own, resolved by tsyringe.
import 'reflect-metadata';
import { strict as assert } from 'node:assert';
import { createClient } from '@etcdts/core';
import type { Interceptor, UnaryHandler } from '@etcdts/core/plugin';
import { container, inject, injectable } from 'tsyringe';

class Journal {
  readonly lines: string[] = [];
}

class Journalist implements Interceptor {
  readonly name = 'journalist';
  readonly #journal: Journal;
  constructor(journal: Journal) {
    this.#journal = journal;
  }
  unary(next: UnaryHandler): UnaryHandler {
    return (call) => {
      this.#journal.lines.push(call.method.name);
      return next(call);
    };
  }
}

// As the decorators @injectable() and @inject() do.
inject(Journal)(Journalist, undefined, 0);
injectable()(Journalist);

const endpoints = process.env['ETCD_ENDPOINT'] ?? '';

async function main(): Promise<void> {
  const own = container.createChildContainer();
  const ownJournal = new Journal();
  own.registerInstance(Journal, ownJournal);
  const withOwn = createClient({ endpoints, container: own, interceptors: [Journalist] });
  await withOwn.kv.get('colour');
  await withOwn.close();
  assert.deepEqual(ownJournal.lines, ['Range']);

  // Without the option it is the global container, the one that this program sees.
  const globalJournal = new Journal();
  container.registerInstance(Journal, globalJournal);
  container.registerInstance('named', { name: 'registered by name', unary: (next: unknown) => next });
  const withGlobal = createClient({ endpoints, interceptors: [Journalist, 'named'] });
  await withGlobal.kv.get('colour');
  await withGlobal.close();
  assert.deepEqual(globalJournal.lines, ['Range']);
  assert.deepEqual(ownJournal.lines, ['Range']);
  console.log('done');
}

void main();
