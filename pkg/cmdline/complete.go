package cmdline

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

// completion is a static script for a shell: it never runs the command.
func (c *Command) completion(flags []cli.Flag, shell string) string {
	shown := shownFlags(flags)
	switch shell {
	case "bash":
		return c.bash(shown)
	case "zsh":
		return c.zsh(shown)
	case "fish":
		return c.fish(shown)
	}
	return fmt.Sprintf("# no completion for shell %q: bash, zsh and fish are known\n", shell)
}

func (c *Command) bash(shown []shownFlag) string {
	var words, files []string
	for _, s := range shown {
		words = append(words, s.names...)
		if s.takesFile() {
			files = append(files, s.names...)
		}
	}
	name := strings.ReplaceAll(c.Name, "-", "_")
	var b strings.Builder
	fmt.Fprintf(&b, "_%s() {\n  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n", name)
	if len(files) > 0 {
		fmt.Fprintf(&b, "  case $prev in %s) COMPREPLY=($(compgen -f -- \"$cur\")); return ;; esac\n", strings.Join(files, "|"))
	}
	fmt.Fprintf(&b, "  case $cur in\n    -*) COMPREPLY=($(compgen -W '%s' -- \"$cur\")) ;;\n", strings.Join(words, " "))
	fmt.Fprintf(&b, "    *) COMPREPLY=($(compgen -f -- \"$cur\")) ;;\n  esac\n}\ncomplete -o filenames -F _%s %s\n", name, c.Name)
	return b.String()
}

func (c *Command) zsh(shown []shownFlag) string {
	var b strings.Builder
	fmt.Fprintf(&b, "#compdef %s\n_arguments -s \\\n", c.Name)
	for _, s := range shown {
		for _, n := range s.names {
			fmt.Fprintf(&b, "  '%s[%s]", n, zshQuote(s.usage))
			if s.value != "" {
				b.WriteString(":" + zshQuote(s.value) + ":")
			}
			if s.takesFile() {
				b.WriteString("_files")
			}
			b.WriteString("' \\\n")
		}
	}
	b.WriteString("  '*:file:_files'\n")
	return b.String()
}

func (c *Command) fish(shown []shownFlag) string {
	var b strings.Builder
	for _, s := range shown {
		fmt.Fprintf(&b, "complete -c %s", c.Name)
		for _, n := range s.names {
			if strings.HasPrefix(n, "--") {
				b.WriteString(" -l " + n[2:])
			} else {
				b.WriteString(" -s " + n[1:])
			}
		}
		if s.value != "" {
			b.WriteString(" -r")
		}
		if s.value != "" && !s.takesFile() {
			b.WriteString(" -f")
		}
		fmt.Fprintf(&b, " -d '%s'\n", strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(s.usage))
	}
	return b.String()
}

func (s *shownFlag) takesFile() bool { return s.value == "FILE" || s.value == "DIR" }

func zshQuote(s string) string {
	return strings.NewReplacer("'", `'\''`, "[", `\[`, "]", `\]`, ":", `\:`, "\\", `\\`).Replace(s)
}
