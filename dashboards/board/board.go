// Package board is a small vocabulary for drawing dashboards in Grafana: rows of panels, each with a title, a unit, a
// sentence that says how to read it, and queries. It knows no word of the shop.
//
// A dashboard comes out as Grafana's classic JSON, which can be provisioned and imported by hand alike.
package board

import (
	"fmt"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// gridWidth is how many columns Grafana's grid has.
const gridWidth = 24

// Dashboard is one page.
type Dashboard struct {
	// UID is its name in links and in Grafana's addresses; it never changes.
	UID, Title, About string
	// Tag marks all dashboards of one family; each links to all others by it.
	Tag string
	// Choices are the page's own variables, after those for the data sources.
	Choices []Choice
	// Marks are events drawn across all panels.
	Marks []Mark
	Rows  []Row
}

// Row is one section of a page.
type Row struct {
	Title  string
	Panels []Panel
}

// Build draws the dashboard.
func (d Dashboard) Build() (dashboard.Dashboard, error) {
	b := dashboard.NewDashboardBuilder(d.Title).
		Uid(d.UID).
		Description(d.About).
		Tags([]string{d.Tag}).
		Timezone("browser").
		Tooltip(dashboard.DashboardCursorSyncCrosshair).
		Time("now-30m", "now").
		Refresh("10s").
		Link(family(d.Tag))
	for _, v := range d.variables() {
		b.WithVariable(v)
	}
	for _, m := range d.Marks {
		b.Annotation(m.builder())
	}
	if err := d.place(b); err != nil {
		return dashboard.Dashboard{}, fmt.Errorf("build dashboard %s: %w", d.UID, err)
	}
	built, err := b.Build()
	if err != nil {
		return dashboard.Dashboard{}, fmt.Errorf("build dashboard %s: %w", d.UID, err)
	}
	showControls(&built)
	return built, nil
}

// showControls keeps links and marks in sight; the SDK puts them into a menu.
func showControls(d *dashboard.Dashboard) {
	for i := range d.Links {
		d.Links[i].Placement = nil
	}
	for i := range d.Annotations.List {
		d.Annotations.List[i].Placement = nil
	}
}

// place puts rows and panels onto the grid from left to right and numbers them.
func (d Dashboard) place(b *dashboard.DashboardBuilder) error {
	var id uint32
	for _, row := range d.Rows {
		id++
		b.WithRow(dashboard.NewRowBuilder(row.Title).Id(id))
		left := 0
		for _, p := range row.Panels {
			if left += p.width; left > gridWidth {
				return fmt.Errorf("panel %q of row %q does not fit: it ends at column %d of %d; change the widths before it", p.Title, row.Title, left, gridWidth)
			}
			left %= gridWidth
			id++
			built, err := p.build(id)
			if err != nil {
				return fmt.Errorf("panel %q: %w", p.Title, err)
			}
			b.WithPanel(ready{built})
		}
	}
	return nil
}

// ready is a panel that is built already, for a builder that takes builders.
type ready struct{ panel dashboard.Panel }

func (r ready) Build() (dashboard.Panel, error) { return r.panel, nil }

var _ cog.Builder[dashboard.Panel] = ready{}

// family links to all other dashboards of the tag and takes the chosen time and variables along.
func family(tag string) *dashboard.DashboardLinkBuilder {
	return dashboard.NewDashboardLinkBuilder(tag).
		Type(dashboard.DashboardLinkTypeDashboards).
		Tags([]string{tag}).
		IncludeVars(true).
		KeepTime(true)
}
