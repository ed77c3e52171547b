// Values that callers pass, for the texts of errors.

const SHOWN_CHARACTERS = 40;

/** The type of a value, with its article; never its content, for it may be a key, a value or a secret. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'undefined';
  if (typeof value !== 'object') return `a ${typeof value}`;
  return withArticle(Object.prototype.toString.call(value).slice(8, -1));
}

/** An option's value and its type: `"5000" (a string)`. For options only, whose values are no secrets. */
export function shown(value: unknown): string {
  switch (typeof value) {
    case 'string': {
      const text = value.length > SHOWN_CHARACTERS ? `${value.slice(0, SHOWN_CHARACTERS)}…` : value;
      return `${JSON.stringify(text)} (a string)`;
    }
    case 'number':
    case 'boolean':
      return `${value} (a ${typeof value})`;
    case 'bigint':
      return `${value}n (a bigint)`;
    default:
      return describe(value);
  }
}

function withArticle(name: string): string {
  const word = name === 'Object' || name === 'Array' ? name.toLowerCase() : name;
  return `${/^[AEIO]/i.test(word) ? 'an' : 'a'} ${word}`;
}
