import type { Member } from '../member.ts';

/** What a page answers. */
export interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

export type MakePage = (member: Member, query: URLSearchParams) => Page;

export const TEXT = 'text/plain; charset=utf-8';
