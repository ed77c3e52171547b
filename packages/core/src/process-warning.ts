/** Emits a warning of the process, which Node prints unless the application handles it (`process.on('warning')`). */
export function warnProcess(code: string, message: string): void {
  process.emitWarning(`etcdts: ${message}`, { type: 'EtcdtsWarning', code });
}
