/**
 * One client in a stack of wrapped ones. It ends once. The layers above end before it, the outermost first; if one of them fails
 * to end, the others still end.
 */
export class Layer {
  readonly #below: Layer | undefined;
  readonly #dispose: (() => unknown) | undefined;
  /** The held layers over one client, in the order in which they were made. A lower layer comes first. */
  readonly #stack: Set<Layer>;
  #ending: Promise<void> | undefined;
  #disposed: Promise<void> | undefined;

  constructor(below?: Layer, dispose?: () => unknown, held: boolean = false) {
    this.#below = below;
    this.#dispose = dispose;
    this.#stack = below === undefined ? new Set() : below.#stack;
    if (held) this.#stack.add(this);
  }

  /**
   * Makes a layer above this one. `dispose` ends what the layer has of its own. A `held` layer is also ended by the layers below,
   * which reference it until then. A layer that is not held may be garbage-collected without being ended. All layers of a stack are
   * of one copy of this package: that of the client at the bottom.
   */
  above(dispose: () => unknown, held: boolean): Layer {
    return new Layer(this, dispose, held);
  }

  /** Whether this layer, or one below it, has ended or is ending. */
  get ended(): boolean {
    return this.#ending !== undefined || this.#below?.ended === true;
  }

  /** Ends the layer, after those above it. Rejects with the failures, once all have ended. */
  end(): Promise<void> {
    return (this.#ending ??= this.#endAll());
  }

  async #endAll(): Promise<void> {
    const failures: unknown[] = [];
    const above = [...this.#stack].reverse().filter((layer) => layer !== this && layer.#isAbove(this));
    for (const layer of [...above, this]) {
      try {
        await layer.#endItself();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length === 1) throw failures[0];
    if (failures.length > 1) throw new AggregateError(failures, `${failures.length} wrappers did not end well`);
  }

  #endItself(): Promise<void> {
    return (this.#disposed ??= this.#runDispose());
  }

  async #runDispose(): Promise<void> {
    this.#stack.delete(this);
    await this.#dispose?.();
  }

  #isAbove(layer: Layer): boolean {
    const below = this.#below;
    return below === layer || (below !== undefined && below.#isAbove(layer));
  }
}
