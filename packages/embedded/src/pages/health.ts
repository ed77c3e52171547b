// server/etcdserver/api/etcdhttp/health.go. Reads always succeed here, there is always a leader, and the member is no learner.
import type { Member } from '../member.ts';
import { TEXT, type MakePage, type Page } from './page.ts';

/** The page /health. An alarm makes a member unhealthy, unless `exclude` names its kind. */
export function healthOf({ alarms, checkups }: Member, query: URLSearchParams): Page {
  const excluded = query.getAll('exclude');
  const alarm = alarms.active.find(({ kind }) => !excluded.includes(kind));
  if (alarm === undefined) checkups.healthy++;
  else checkups.unhealthy++;
  const reason = alarm === undefined ? '' : `ALARM ${alarm.kind}`;
  const body = JSON.stringify({ health: String(alarm === undefined), reason });
  // Go ends the text of an error with a line feed.
  return alarm === undefined ? { status: 200, type: TEXT, body } : { status: 503, type: TEXT, body: `${body}\n` };
}

type Check = (member: Member) => string | undefined;

const fine: Check = () => undefined;
const CHECKS: Readonly<Record<'livez' | 'readyz', Readonly<Record<string, Check>>>> = {
  livez: { serializable_read: fine },
  readyz: {
    data_corruption: ({ alarms }) => (alarms.has('CORRUPT') ? 'alarm activated: CORRUPT' : undefined),
    serializable_read: fine,
    linearizable_read: fine,
    non_learner: fine,
  },
};

/** The pages /livez and /readyz, or that of one check below them; `undefined` if there is no such check. */
export function checkup(kind: 'livez' | 'readyz', only?: string): MakePage | undefined {
  const checks = CHECKS[kind];
  if (only !== undefined && !Object.hasOwn(checks, only)) return undefined;
  return (member: Member, query: URLSearchParams): Page => {
    const excluded = query.getAll('exclude');
    const names = only === undefined ? Object.keys(checks).filter((name) => !excluded.includes(name)) : [only];
    const results = names.map((name) => [name, checks[name]?.(member)] as const);
    const lines = results
      .map(([name, wrong]) => (wrong ? `[-]${name} failed: ${wrong}\n` : `[+]${name} ok\n`))
      .join('');
    if (results.some(([, wrong]) => wrong !== undefined)) return { status: 503, type: TEXT, body: `${lines}\n` };
    return { status: 200, type: TEXT, body: `${query.has('verbose') ? lines : ''}ok\n` };
  };
}
