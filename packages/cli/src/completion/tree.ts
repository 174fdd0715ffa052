import type { Command } from 'commander'

/** A command as completion needs it. `path` is the words after `ferrite`. */
export type Branch = {
  path: readonly string[]
  commands: readonly { name: string; summary: string }[]
  options: readonly { flags: readonly string[]; summary: string; choices: readonly string[]; takesValue: boolean }[]
  /** Values of the first argument, where they are known. */
  choices: readonly string[]
}

/** Every command of the tree, the root first. */
export function treeOf(command: Command, path: readonly string[] = []): Branch[] {
  const help = command.createHelp()
  const commands = help.visibleCommands(command).filter((inner) => inner.name() !== 'help')
  const branch: Branch = {
    path,
    commands: commands.map((inner) => ({ name: inner.name(), summary: inner.summary() || inner.description() })),
    options: help.visibleOptions(command).map((option) => ({
      flags: [option.short, option.long].filter((flag) => flag !== undefined),
      summary: option.description,
      choices: option.argChoices ?? [],
      takesValue: option.required || option.optional,
    })),
    choices: command.registeredArguments[0]?.argChoices ?? [],
  }
  return [branch, ...commands.flatMap((inner) => treeOf(inner, [...path, inner.name()]))]
}
