// How the story looks: chapters, one line a sentence with the one who acts in front, and RPCs in the background.
import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Who acts, and in which colour. */
const cast: Readonly<Record<string, Style>> = {
  etcd: 'magenta',
  blue: 'blueBright',
  green: 'green',
  api: 'blueBright',
  watcher: 'cyan',
  alice: 'yellow',
  bob: 'yellow',
  writers: 'yellow',
  network: 'redBright',
};

const colours = process.stdout.isTTY === true && !process.env['NO_COLOR'];
const INDENT = ' '.repeat(12);
let chapters = 0;

/** Text in a style: on a terminal that has not asked for plain text. */
export function styled(style: Style, text: string): string {
  return colours ? styleText(style, text, { validateStream: false }) : text;
}

/** A line that stands for the whole. */
export function title(text: string): void {
  console.log(`\n${styled('bold', text)}`);
}

/** Begins the next chapter. */
export function chapter(text: string): void {
  console.log(`\n${styled('bold', `${++chapters}  ${text}`)}`);
}

/** Says what somebody of the cast does. */
export function say(who: string, text: string): void {
  console.log(`   ${styled(cast[who] ?? 'bold', who.padEnd(8))} ${text}`);
}

function more(text: string): void {
  console.log(`${INDENT}${text}`);
}

/** One RPC, with how long it took and what there is to say of it. */
export function rpc(name: string, time: string, note = ''): void {
  console.log(styled('dim', `${INDENT}· ${name.padEnd(22)}${time.padStart(8)}  ${note}`.trimEnd()));
}

/** A table without lines: the first column to the left, numbers to the right. */
export function facts(rows: readonly (readonly [what: string, value: number, note: string])[]): void {
  for (const [what, value, note] of rows)
    more(`${what.padEnd(18)}${String(value).padStart(5)}${note === '' ? '' : `   ${note}`}`);
}

/** A good end of a chapter. */
export function done(text: string): void {
  more(`${styled('green', '✔')} ${text}`);
}
