import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Gate } from '../gate.ts';
import { VERSIONS, type Member } from '../member.ts';
import { checkup, healthOf } from './health.ts';
import { metrics } from './metrics.ts';
import { TEXT, type MakePage, type Page } from './page.ts';

const BASE = 'http://etcd';
const METRICS = 'text/plain; version=0.0.4; charset=utf-8';
const NOT_FOUND: Page = { status: 404, type: TEXT, body: '404 page not found\n' };
const NOT_ALLOWED: Page = { status: 405, type: TEXT, body: 'Method Not Allowed\n' };

/** The pages that etcd serves over HTTP/1.1 at the address of its clients (server/etcdserver/api/etcdhttp). */
export function pages(member: Member, gate: Gate): RequestListener {
  return (request, response) => {
    // A request has no body that a page reads.
    request.resume();
    gate.pass(() => answer(request, response, pageOf(member, request)));
  };
}

function pageOf(member: Member, { method, url = '/' }: IncomingMessage): Page {
  if (!URL.canParse(url, BASE)) return NOT_FOUND;
  const { pathname, searchParams } = new URL(url, BASE);
  const make = find(pathname);
  if (make === undefined) return NOT_FOUND;
  // etcd's page of metrics is the only one that looks at no method.
  return method === 'GET' || pathname === '/metrics' ? make(member, searchParams) : NOT_ALLOWED;
}

function find(path: string): MakePage | undefined {
  const [, kind, check] = /^\/(livez|readyz)(?:\/(\w+))?$/.exec(path) ?? [];
  if (kind !== undefined) return checkup(kind as 'livez' | 'readyz', check);
  switch (path) {
    case '/health':
      return healthOf;
    case '/version':
      return () => ({ status: 200, type: 'application/json', body: JSON.stringify(VERSIONS) });
    case '/metrics':
      return (member) => ({ status: 200, type: METRICS, body: metrics(member) });
    default:
      return undefined;
  }
}

function answer({ method }: IncomingMessage, response: ServerResponse, { status, type, body }: Page): void {
  response.writeHead(status, {
    'access-control-allow-headers': 'accept, content-type, authorization',
    'access-control-allow-methods': 'POST, GET, OPTIONS, PUT, DELETE',
    'access-control-allow-origin': '*',
    ...(status === 405 && { allow: 'GET' }),
    'content-type': type,
    'content-length': Buffer.byteLength(body),
  });
  response.end(method === 'HEAD' ? undefined : body);
}
