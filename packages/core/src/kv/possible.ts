// Options that cannot be, as types: what is surely wrong does not compile.
import type { Bytes } from '../bytes.ts';

/** The type of an option that cannot be, with the reason. */
export interface Impossible<Reason extends string> {
  /** Why it cannot be. The compiler shows it in its error. */
  readonly reason: Reason;
}

/**
 * The options `Known` without those that cannot be: two forms of range, a `limit` for a single key, an unknown option. Only what
 * is written out is judged, in `O`. A form that is `boolean` or optional, as after a spread, is looked at when the call is made,
 * which refuses it with `INVALID_ARGUMENT`.
 */
export type Possible<O, Known> = Known & {
  readonly [K in keyof O]: K extends keyof Known
    ? K extends 'prefix' | 'fromKey' | 'rangeEnd'
      ? O extends
          | { readonly prefix: true; readonly fromKey: true }
          | { readonly prefix: true; readonly rangeEnd: Bytes }
          | { readonly fromKey: true; readonly rangeEnd: Bytes }
        ? Impossible<'choose one form of range'>
        : O[K]
      : K extends 'limit'
        ? O extends { readonly limit: 0 }
          ? O[K]
          : O extends { limit: number; prefix?: false | undefined; fromKey?: false | undefined; rangeEnd?: undefined }
            ? Impossible<'is for a range: add prefix, fromKey or rangeEnd'>
            : O[K]
        : O[K]
    : string extends K
      ? O[K]
      : object extends Pick<O, K>
        ? O[K]
        : Impossible<'is no option'>;
};
