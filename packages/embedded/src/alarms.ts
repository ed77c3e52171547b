/** The kinds of etcdserverpb.AlarmType with their numbers. */
export const ALARMS = { NOSPACE: 1, CORRUPT: 2 } as const;

export type AlarmKind = keyof typeof ALARMS;

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
    return this.active.some((alarm) => alarm.kind === kind);
  }

  /** Raises an alarm; `undefined` if it is active already. */
  raise(memberId: bigint, kind: AlarmKind): Alarm | undefined {
    const key = `${memberId} ${kind}`;
    if (this.#active.has(key)) return undefined;
    const alarm = { memberId, kind };
    this.#active.set(key, alarm);
    return alarm;
  }

  /** Ends an alarm; `undefined` if it is not active. */
  disarm(memberId: bigint, kind: AlarmKind): Alarm | undefined {
    const key = `${memberId} ${kind}`;
    const alarm = this.#active.get(key);
    this.#active.delete(key);
    return alarm;
  }
}
