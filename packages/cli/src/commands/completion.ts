import { Argument, Command } from 'commander'
import { completionScript, shells, type Shell } from '../completion/script.ts'
import { treeOf } from '../completion/tree.ts'

const examples = `
Examples:
  ferrite completion bash > /etc/bash_completion.d/ferrite
  ferrite completion zsh > "\${fpath[1]}/_ferrite"
  ferrite completion fish > ~/.config/fish/completions/ferrite.fish`

/** `ferrite completion`. */
export const completionCommand = (): Command =>
  new Command('completion')
    .description('Print a completion script, made from the command tree.')
    .addArgument(new Argument('<shell>', 'whose script').choices(shells))
    .addHelpText('after', examples)
    .action(async (shell: Shell) => {
      const { wholeProgram } = await import('../program.ts')
      process.stdout.write(completionScript(shell, treeOf(await wholeProgram())))
    })
