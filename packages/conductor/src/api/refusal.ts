/**
 * A refusal by the door itself (no such path, wrong method, version not served), before any rule of a resource.
 * Ironic words these differently from its application errors, and clients read both.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: number
  readonly title: string
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, title: string, description: string, headers: Readonly<Record<string, string>> = {}) {
    super(description)
    this.status = status
    this.title = title
    this.headers = headers
  }
}

export const noSuchPath = (): Refusal =>
  new Refusal(
    404,
    'Not Found',
    'The server has not found anything matching the Request-URI. The resource could not be found.',
  )

/** What an agent hears that was given the operators' address; Ironic has one for both. */
export const noRamdisksHere = (): Refusal =>
  new Refusal(
    404,
    'Not Found',
    'Ramdisks are not served on this address, but on the one of the setting ramdisk_listen.',
  )

export const wrongMethod = (method: string, allowed: readonly string[]): Refusal =>
  new Refusal(405, 'Method Not Allowed', `The method ${method} is not allowed for this resource.`, {
    allow: allowed.join(', '),
  })
