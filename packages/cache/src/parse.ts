import type { KeyValue } from '@etcdts/core';
import { invalidArgument } from '@etcdts/core/plugin';

/**
 * A schema as zod, valibot, arktype and others have it (standardschema.dev). Only its types and `validate` are used, so that no
 * library is needed.
 */
export interface StandardSchema<Output = unknown> {
  /** What the specification defines. */
  readonly '~standard': {
    /** The version of the specification. */
    readonly version: 1;
    /** The name of the library. */
    readonly vendor: string;
    /** Checks a value, and converts it. A promise is refused, because a copy makes its values at once. */
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    /** Never read. It carries the types. */
    readonly types?:
      | {
          /** What the schema takes. */
          readonly input: unknown;
          /** What it makes of that. */
          readonly output: Output;
        }
      | undefined;
  };
}

/** What a schema answers: the value, or what is wrong with it. */
export type SchemaResult<Output> =
  | {
      /** The value, converted. */
      readonly value: Output;
      /** Absent: nothing is wrong. */
      readonly issues?: undefined;
    }
  | {
      /** What is wrong, at least one thing. */
      readonly issues: readonly {
        /** In words, for people. */
        readonly message: string;
      }[];
    };

/** How a copy makes values: a function of the whole key value, which throws for a wrong one, or a schema for the text of the value. */
export type Parse<T> = ((kv: KeyValue) => T) | StandardSchema<T>;

/** Makes a `parse` for values in JSON, checked by a schema if one is given. */
export function json<T = unknown>(schema?: StandardSchema<T>): (kv: KeyValue) => T {
  if (schema === undefined) return (kv) => kv.json<T>();
  if (!isSchema(schema)) throw notParse('schema', 'a Standard Schema, such as one of zod, valibot or arktype');
  return (kv) => validated(schema, kv.json());
}

/** Makes a function of what was given as `parse`. Without it, the value is the key value itself. */
export function parserOf<T>(parse: Parse<T> | undefined): ((kv: KeyValue) => T) | undefined {
  if (parse === undefined) return undefined;
  // Some schemas, such as those of arktype, are functions too.
  if (isSchema<T>(parse)) return (kv) => validated(parse, kv.text());
  if (typeof parse === 'function') return parse;
  throw notParse('parse', 'a function or a Standard Schema; json(schema) makes one for JSON');
}

function isSchema<T>(value: unknown): value is StandardSchema<T> {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  const standard = (value as Partial<StandardSchema>)['~standard'];
  return typeof standard?.validate === 'function';
}

function notParse(argument: string, expected: string): Error {
  return invalidArgument(argument, `must be ${expected}`);
}

function validated<T>(schema: StandardSchema<T>, value: unknown): T {
  const result = schema['~standard'].validate(value);
  if (result instanceof Promise) {
    result.catch(() => {});
    throw new TypeError(
      'the schema validates asynchronously, and a copy has its values at once: choose a synchronous one',
    );
  }
  if (result.issues !== undefined) throw new TypeError(result.issues.map(({ message }) => message).join('; '));
  return result.value;
}
