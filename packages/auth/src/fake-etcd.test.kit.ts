// What the unit tests of auth stand on: an etcd that is the innermost interceptor, and knows tokens and nothing else.
import { createClient, EtcdError, type EtcdClient } from '@etcdts/core';
import { failedStream, type Call, type ClientStream, type Interceptor, type Method } from '@etcdts/core/plugin';
import { FakeClock, settle, withSite } from '@etcdts/testing';
import { auth, type AuthOptions } from './auth.ts';

export const user = { username: 'app', password: 'sentinel-password' };

export function verdict(code: EtcdError['code'], message = 'etcdserver: no'): EtcdError {
  return new EtcdError({ code, message, outcome: 'not-applied' });
}

const header = { clusterId: 1n, memberId: 2n, revision: 3n, raftTerm: 4n };

export class FakeEtcd {
  /** How often Authenticate came, and the calls that were let through or refused, with their token. */
  authenticated = 0;
  readonly calls: {
    readonly name: string;
    readonly token: unknown;
    readonly attempt: number;
    readonly confidential: boolean;
  }[] = [];
  /** The one token that is good; nothing while authentication is off. */
  valid: string | undefined;
  enabled = true;
  /** What refuses a call besides its token. */
  refuse: (call: Call) => EtcdError | undefined = () => undefined;
  /** What a call waits for before it is judged. */
  arriving: (call: Call) => Promise<unknown> = settle;
  /** What Authenticate waits for, and what it fails with. */
  authenticating: Promise<unknown> = Promise.resolve();
  failure: unknown;
  /** Messages of every stream. */
  messages: unknown[] = [{}];
  /** What was sent on streams that were not refused. */
  readonly sent: unknown[] = [];

  readonly interceptor: Interceptor = {
    name: 'fake etcd',
    unary: (_, method) => (call) => this.#answer(call as Call, method) as never,
    stream: (_, method) => (call) => this.#open(call as Call, method) as never,
  };

  expire(): void {
    this.valid = `sentinel-token-${this.authenticated + 1}`;
  }

  async #answer(call: Call, method: Method): Promise<unknown> {
    if (method.name === 'Authenticate') {
      this.authenticated++;
      const token = `sentinel-token-${this.authenticated}`;
      await this.authenticating;
      if (this.failure !== undefined) throw this.failure;
      if (!this.enabled) throw verdict('AUTH_NOT_ENABLED');
      this.valid = token;
      return { header, token };
    }
    this.#note(call, method);
    await this.arriving(call);
    const error = this.#judge(call);
    if (error !== undefined) throw error;
    return { header, kvs: [], more: false, count: 0 };
  }

  #open(call: Call, method: Method): ClientStream {
    this.#note(call, method);
    const error = this.#judge(call);
    if (error !== undefined) return failedStream(error);
    const messages = [...this.messages];
    return {
      send: (message) => void this.sent.push(message),
      end: () => void this.sent.push('end'),
      cancel() {},
      async forEach(onMessage) {
        for (const message of messages) onMessage(message);
      },
      async *[Symbol.asyncIterator]() {
        yield* messages;
      },
    };
  }

  #note(call: Call, method: Method): void {
    const { metadata, attempt, confidential } = call;
    this.calls.push({ name: method.name, token: metadata['token'], attempt, confidential });
  }

  #judge(call: Call): EtcdError | undefined {
    const token = call.metadata['token'];
    if (this.enabled && token === undefined) return verdict('USER_EMPTY');
    if (this.enabled && token !== this.valid) return verdict('INVALID_AUTH_TOKEN');
    return this.refuse(call);
  }
}

/** A client that authenticates at a fake etcd, by a clock moved by hand. */
export function clientOf(
  etcd: FakeEtcd,
  options: AuthOptions = user,
): { client: EtcdClient; clock: FakeClock; auth: Interceptor } {
  const clock = new FakeClock();
  const interceptor = withSite(auth(options), { clock, random: () => 1 });
  const client = createClient({ endpoints: '127.0.0.1:1', interceptors: [interceptor, etcd.interceptor] });
  return { client, clock, auth: interceptor };
}
