/** A kind of alarm: `NOSPACE` if the quota of the database is used up, `CORRUPT` if the members have different data. */
export type AlarmKind = 'NOSPACE' | 'CORRUPT';

/** The kinds with the numbers of etcdserverpb.AlarmType. */
export const ALARMS: Readonly<Record<AlarmKind, number>> = { NOSPACE: 1, CORRUPT: 2 };

/** An alarm of a member. */
export interface Alarm {
  readonly memberId: bigint;
  readonly kind: AlarmKind;
}

/** The alarms that are active (server/etcdserver/api/v3alarm/alarms.go). A member has each kind at most once. */
export class Alarms {
  readonly #active = new Map<string, Alarm>();

  get active(): readonly Alarm[] {
    return [...this.#active.values()];
  }

  has(kind: AlarmKind): boolean {
    return this.#active.size > 0 && this.active.some((alarm) => alarm.kind === kind);
  }

  /** Raises an alarm and returns it. One that is active already stays. */
  raise(memberId: bigint, kind: AlarmKind): Alarm {
    const key = `${memberId} ${kind}`;
    const alarm = this.#active.get(key) ?? { memberId, kind };
    this.#active.set(key, alarm);
    return alarm;
  }

  /** Ends an alarm and returns it; `undefined` if it is not active. */
  disarm(memberId: bigint, kind: AlarmKind): Alarm | undefined {
    const key = `${memberId} ${kind}`;
    const alarm = this.#active.get(key);
    this.#active.delete(key);
    return alarm;
  }
}

/** Whether a value is the name of a kind of alarm. */
export function isAlarmKind(value: unknown): value is AlarmKind {
  return typeof value === 'string' && Object.hasOwn(ALARMS, value);
}

/** The kind with a number of etcd's; `undefined` for 0, which is none, and for unknown numbers. */
export function kindOf(number: number): AlarmKind | undefined {
  return (Object.keys(ALARMS) as AlarmKind[]).find((kind) => ALARMS[kind] === number);
}

/** An alarm as etcd prints it in a status. */
export function alarmText({ memberId, kind }: Alarm): string {
  return `${memberId === 0n ? '' : `memberID:${memberId} `}alarm:${kind}`;
}
