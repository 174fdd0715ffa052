const inspect = Symbol.for('nodejs.util.inspect.custom')

/** A value that no log, error, template or JSON document can show. Only `reveal` at a door to the outside unwraps it. */
export class Secret<T = string> {
  readonly #value: T

  constructor(value: T) {
    this.#value = value
  }

  /** The value itself. Call it where it leaves the process, nowhere else. */
  reveal(): T {
    return this.#value
  }

  toString(): string {
    return '******'
  }

  toJSON(): string {
    return '******'
  }

  [inspect](): string {
    return 'Secret(******)'
  }
}
