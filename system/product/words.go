package product

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/analysis/lang/en"
	"github.com/blevesearch/bleve/v2/index/scorch"
	"github.com/blevesearch/bleve/v2/mapping"
	"github.com/blevesearch/bleve/v2/search/query"
)

// weights say how much a word counts where it stands.
var weights = []struct {
	field  string
	weight float64
}{{"title", 6}, {"brand", 4}, {"category", 3}, {"attributes", 1.5}, {"description", 1}}

const (
	// prefixWeight is for a word that only begins like one of the title, typoWeight for one that is a letter off.
	prefixWeight, typoWeight = 2, 0.5
	// shortestPrefix and shortestTypo are how many letters a word needs for that.
	shortestPrefix, shortestTypo = 2, 5
)

// words finds products by what is written on them. It stores nothing but the words, in memory: each batch is a segment
// that stays until all its products were put again, so it is not for what changes often, as prices do.
type words struct{ index bleve.Index }

func newWords() (words, error) {
	index, err := bleve.NewUsing("", wordMapping(), scorch.Name, scorch.Name, nil)
	if err != nil {
		return words{}, fmt.Errorf("make full-text index: %w", err)
	}
	return words{index}, nil
}

func wordMapping() mapping.IndexMapping {
	texts := bleve.NewDocumentStaticMapping()
	for _, at := range weights {
		m := bleve.NewTextFieldMapping()
		m.Analyzer = en.AnalyzerName // "lamps" finds "lamp"
		m.Store, m.IncludeTermVectors, m.IncludeInAll, m.DocValues = false, false, false, false
		texts.AddFieldMappingsAt(at.field, m)
	}
	all := bleve.NewIndexMapping()
	all.DefaultMapping = texts
	return all
}

// put indexes products; category names them for people.
func (w words) put(products []*Product, category func(slug string) string) error {
	batch := w.index.NewBatch()
	for _, p := range products {
		err := batch.Index(string(p.ID), map[string]any{
			"title": p.Title, "brand": p.Brand, "category": category(p.Category), "description": p.Description,
			"attributes": strings.Join(slices.Sorted(maps.Values(p.Attributes)), " "),
		})
		if err != nil {
			return fmt.Errorf("index product %s: %w", p.ID, err)
		}
	}
	if err := w.index.Batch(batch); err != nil {
		return fmt.Errorf("index %d products: %w", len(products), err)
	}
	return nil
}

// find gives the products that have every word of a text somewhere, with how well they match. The text is no query
// language: whatever stands in it is a word.
func (w words) find(ctx context.Context, text []string) (map[ID]float64, error) {
	size, err := w.index.DocCount()
	if err != nil {
		return nil, fmt.Errorf("count indexed products: %w", err)
	}
	found, err := w.index.SearchInContext(ctx, bleve.NewSearchRequestOptions(w.everywhere(text), int(size), 0, false))
	if err != nil {
		return nil, fmt.Errorf("search %d words: %w", len(text), err)
	}
	scores := make(map[ID]float64, len(found.Hits))
	for _, hit := range found.Hits {
		scores[ID(hit.ID)] = hit.Score
	}
	return scores, nil
}

// everywhere matches all words that mean something; where there is none ("the", "!!"), it matches nothing.
func (w words) everywhere(text []string) query.Query {
	analyzer := w.index.Mapping().AnalyzerNamed(en.AnalyzerName)
	var all []query.Query
	for _, word := range text {
		if len(analyzer.Analyze([]byte(word))) > 0 {
			all = append(all, anywhere(word))
		}
	}
	if len(all) == 0 {
		return bleve.NewMatchNoneQuery()
	}
	return bleve.NewConjunctionQuery(all...)
}

// anywhere matches a word in any field; the best places make the best results.
func anywhere(word string) query.Query {
	var places []query.Query
	match := func(field string, weight float64, typos int) {
		m := bleve.NewMatchQuery(word)
		m.SetField(field)
		m.SetBoost(weight)
		m.SetFuzziness(typos)
		m.SetOperator(query.MatchQueryOperatorAnd)
		places = append(places, m)
	}
	for _, at := range weights {
		match(at.field, at.weight, 0)
	}
	letters := utf8.RuneCountInString(word)
	if letters >= shortestTypo {
		match("title", typoWeight, 1)
		match("brand", typoWeight, 1)
	}
	if letters >= shortestPrefix {
		m := bleve.NewPrefixQuery(strings.ToLower(word))
		m.SetField("title")
		m.SetBoost(prefixWeight)
		places = append(places, m)
	}
	return bleve.NewDisjunctionQuery(places...)
}
