import {
  compare,
  isEtcdError,
  op,
  type Compare as ClientCompare,
  type DeleteOp,
  type DeleteResponse,
  type EtcdOperations,
  type GetOp,
  type GetResponse,
  type KeyValue,
  type PutOp,
  type PutResponse,
} from '@etcdts/core';
import { now } from './clock.ts';
import type { Answer, Compare, Delete, Failure, Get, Kv, Operation, Put, Request } from './history.ts';

/** What there is of an answer: its revision, and itself. */
interface Done {
  readonly revision: number;
  readonly answer: Answer;
}

/** Carries a request out on a client, and returns the operation for the history. It never rejects. */
export async function perform(
  client: EtcdOperations,
  request: Request,
  by: { readonly process: number; readonly client: number },
  timeoutMs?: number,
): Promise<Operation> {
  const options = timeoutMs === undefined ? {} : { timeoutMs };
  const call = now();
  try {
    const done = await send(client, request, options);
    return { type: 'operation', ...by, call, return: now() + 1, request, ...done };
  } catch (error) {
    return { type: 'operation', ...by, call, return: now() + 1, request, error: failureOf(error) };
  }
}

/** An error that is none of the client's own is a fault of the programme, and ends the process. */
export function failureOf(error: unknown): Failure {
  if (!isEtcdError(error)) throw error;
  return { code: error.code, outcome: error.outcome };
}

export function toKv(kv: KeyValue): Kv {
  return {
    key: kv.key.toString(),
    value: kv.value.toString(),
    create: Number(kv.createRevision),
    mod: Number(kv.modRevision),
    version: Number(kv.version),
    lease: String(kv.lease),
  };
}

async function send(client: EtcdOperations, request: Request, options: { timeoutMs?: number }): Promise<Done> {
  switch (request.type) {
    case 'put':
    case 'get':
    case 'delete': {
      const response: DoneOp = await client.kv.do(toOp(request), options);
      return { revision: Number(response.header.revision), answer: toAnswer(request, response) };
    }
    case 'txn': {
      const { header, succeeded, responses } = await client.kv.txn(
        {
          if: request.compares.map(toCompare),
          then: request.success.map(toOp),
          else: request.failure.map(toOp),
        },
        options,
      );
      const branch = succeeded ? request.success : request.failure;
      const answers = branch.map((one, i) => toAnswer(one, responses[i] as DoneOp));
      return { revision: Number(header.revision), answer: { type: 'txn', succeeded, answers } };
    }
    case 'compact': {
      const { header } = await client.kv.compact(request.revision, options);
      return { revision: Number(header.revision), answer: { type: 'compact' } };
    }
    case 'grant': {
      const { header } = await client.lease.grant(request.ttl, { id: BigInt(request.lease), ...options });
      return { revision: Number(header.revision), answer: { type: 'grant' } };
    }
    case 'revoke': {
      const { header } = await client.lease.revoke(BigInt(request.lease), options);
      return { revision: Number(header.revision), answer: { type: 'revoke' } };
    }
  }
}

type DoneOp = GetResponse | PutResponse | DeleteResponse;

function toOp(request: Put | Get | Delete): GetOp | PutOp | DeleteOp {
  switch (request.type) {
    case 'put':
      return op.put(request.key, request.value, request.lease === undefined ? {} : { lease: BigInt(request.lease) });
    case 'get': {
      const { key, end, serializable, limit, revision, countOnly } = request;
      return op.get(key, {
        ...(end !== undefined && { rangeEnd: end }),
        ...(serializable && { serializable }),
        ...(limit !== undefined && { limit }),
        ...(revision !== undefined && { revision }),
        ...(countOnly && { countOnly }),
      });
    }
    case 'delete':
      return op.delete(request.key, request.end === undefined ? {} : { rangeEnd: request.end });
  }
}

function toCompare({ key, target, value }: Compare): ClientCompare {
  switch (target) {
    case 'value':
      return compare.value(key, '=', String(value));
    case 'mod':
      return compare.modRevision(key, '=', Number(value));
    case 'create':
      return compare.createRevision(key, '=', Number(value));
    case 'version':
      return compare.version(key, '=', Number(value));
  }
}

function toAnswer(request: Put | Get | Delete, response: DoneOp): Answer {
  switch (request.type) {
    case 'put':
      return { type: 'put' };
    case 'get': {
      const { kvs, count, more } = response as GetResponse;
      return { type: 'get', kvs: kvs.map(toKv), count: Number(count), more };
    }
    case 'delete':
      return { type: 'delete', deleted: Number((response as DeleteResponse).deleted) };
  }
}
