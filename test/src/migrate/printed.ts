// What programs print. They run in this process one after the other, because each start of a process takes longer than all they do.
import { format } from 'node:util';

/** Runs a module that ends with its import, and returns what it printed and how it failed. */
export async function printed(file: string, endpoint: string): Promise<string> {
  const lines: string[] = [];
  const { log } = console;
  console.log = (...args: unknown[]): void => void lines.push(format(...args));
  process.env['ETCD_ENDPOINT'] = endpoint;
  try {
    await import(file);
  } catch (error) {
    lines.push(String(error));
  } finally {
    console.log = log;
  }
  return lines.map((line) => `${line}\n`).join('');
}
