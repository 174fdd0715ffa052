import type { Branch } from './tree.ts'

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

/** The completion script of one shell for the whole tree. */
export function completionScript(shell: Shell, tree: readonly Branch[]): string {
  if (shell === 'fish') return fish(tree)
  return shell === 'zsh' ? zsh(tree) : bash(tree)
}

const key = (branch: Branch): string => branch.path.join(' ')
const flagsOf = (branch: Branch): string[] =>
  branch.options.flatMap(({ flags }) => flags.filter((flag) => flag.startsWith('--')))
const wordsOf = (branch: Branch): string[] => [...branch.commands.map(({ name }) => name), ...branch.choices]

// The words that are commands make the path; each path knows its words and its options.
const bashWalk = `  local path='' words='' flags='' word i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    [[ $word == -* ]] && continue
    case "\${path:+$path }$word" in
PATHS) path="\${path:+$path }$word" ;;
    esac
  done`

function bash(tree: readonly Branch[]): string {
  const paths = tree.filter(({ path }) => path.length).map((branch) => `      '${key(branch)}'`)
  const cases = tree.map(
    (branch) => `    '${key(branch)}') words='${wordsOf(branch).join(' ')}' flags='${flagsOf(branch).join(' ')}' ;;`,
  )
  return `# bash completion for ferrite
_ferrite() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]}
  COMPREPLY=()
  case "$prev" in
${valueCases(tree)}  esac
${bashWalk.replace('PATHS', paths.join(' |\\\n'))}
  case "$path" in
${cases.join('\n')}
  esac
  if [[ $cur == -* ]]; then words=$flags; fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -o default -F _ferrite ferrite
`
}

function valueCases(tree: readonly Branch[]): string {
  const withChoices = tree.flatMap(({ options }) => options).filter(({ choices }) => choices.length)
  const files = ['--config', '--user-data', '--network-data', '--config-drive', '--state-dir']
  const seen = new Map(withChoices.map(({ flags, choices }) => [flags.join('|'), choices.join(' ')]))
  const choices = [...seen].map(
    ([flags, words]) => `    ${flags}) mapfile -t COMPREPLY < <(compgen -W "${words}" -- "$cur"); return ;;\n`,
  )
  return `${choices.join('')}    ${files.join('|')}) compopt -o default; return ;;\n`
}

const zshQuoted = (text: string): string => text.replaceAll("'", "'\\''").replaceAll(':', '\\:')

function zsh(tree: readonly Branch[]): string {
  const functions = tree.map((branch) => {
    const words = branch.commands.map(({ name, summary }) => `'${name}:${zshQuoted(summary)}'`)
    const choices = branch.choices.map((choice) => `'${choice}'`)
    const flags = branch.options.flatMap(({ flags, summary }) => flags.map((flag) => `'${flag}:${zshQuoted(summary)}'`))
    return `    '${key(branch)}') nouns=(${[...words, ...choices].join(' ')}) flags=(${flags.join(' ')}) ;;`
  })
  const paths = tree.filter(({ path }) => path.length).map((branch) => `'${key(branch)}'`)
  return `#compdef ferrite
_ferrite() {
  local at='' word
  # Not words: that is zsh’s own name for the line that is being completed.
  local -a nouns flags known
  known=(${paths.join(' ')})
  for word in \${words[2,CURRENT-1]}; do
    [[ $word == -* ]] && continue
    (( \${known[(Ie)\${at:+$at }$word]} )) && at="\${at:+$at }$word"
  done
  case "$at" in
${functions.join('\n')}
  esac
  if [[ \${PREFIX} == -* ]]; then _describe 'option' flags
  elif (( \${#nouns} )); then _describe 'command' nouns
  else _files
  fi
}
compdef _ferrite ferrite
`
}

const fishQuoted = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")

function fish(tree: readonly Branch[]): string {
  const lines = tree.flatMap((branch) => {
    const condition = `-n '__ferrite_at "${key(branch)}"'`
    return [
      ...branch.commands.map(
        ({ name, summary }) => `complete -c ferrite ${condition} -f -a ${name} -d '${fishQuoted(summary)}'`,
      ),
      ...branch.choices.map((choice) => `complete -c ferrite ${condition} -f -a ${choice}`),
      ...branch.options.map(
        ({ flags, summary, choices, takesValue }) =>
          `complete -c ferrite ${condition} ${flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`)).join(' ')}${choices.length ? ` -x -a '${choices.join(' ')}'` : takesValue ? ' -r' : ''} -d '${fishQuoted(summary)}'`,
      ),
    ]
  })
  const paths = tree.filter(({ path }) => path.length).map((branch) => `"${key(branch)}"`)
  return `# fish completion for ferrite
function __ferrite_at
  set -l at ''
  set -l known ${paths.join(' ')}
  set -l words (commandline -opc)
  for word in $words[2..-1]
    string match -q -- '-*' $word; and continue
    set -l longer (string trim "$at $word")
    contains -- $longer $known; and set at $longer
  end
  test "$at" = "$argv[1]"
end
${lines.join('\n')}
`
}
