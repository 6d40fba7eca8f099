package cell_test

import (
	"os"
	"testing"

	"stormglass/chaos/cell/celltest"
)

func TestMain(m *testing.M) {
	celltest.Main()
	os.Exit(m.Run())
}
