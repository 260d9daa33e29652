//go:build interop

package interop

import "testing"

func TestMatrix(t *testing.T) {
	t.Parallel()
	onStage(t, func(t *testing.T, stage *Stage) {
		m := newMatrix(t, stage)
		for _, r := range m.Rows {
			t.Logf("%s: version %s", r.name(), r.version)
		}
	})
}
