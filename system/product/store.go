package product

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"stormglass/system/platform/money"
	"stormglass/system/platform/problem"
)

// document is a product as it is kept.
type document struct {
	ID          ID                `bson:"_id"`
	Title       string            `bson:"title"`
	Description string            `bson:"description"`
	Brand       string            `bson:"brand"`
	Category    string            `bson:"category"`
	Minor       int64             `bson:"price_minor"`
	Currency    string            `bson:"currency"`
	Attributes  map[string]string `bson:"attributes"`
	UpdatedUS   int64             `bson:"updated_us"`
}

// mark is a document that tells cheaply whether anything changed: it is counted up before each change.
type mark struct {
	Changes int64 `bson:"changes"`
}

const (
	markID = "products"
	// changeRounds is how often a change that loses against others starts anew.
	changeRounds = 5
)

func (d *documents) products() *mongo.Collection { return d.database.Collection("products") }
func (d *documents) marks() *mongo.Collection    { return d.database.Collection("marks") }

// Product gives a product, or problem.NotFound; instead answers when the documents are away.
func (d *documents) Product(ctx context.Context, id ID, instead func(context.Context, error) (Product, error)) (Product, error) {
	return doOr(ctx, d, "get product", func(ctx context.Context) (Product, error) { return d.product(ctx, id) }, instead)
}

func (d *documents) product(ctx context.Context, id ID) (Product, error) {
	var doc document
	err := d.products().FindOne(ctx, bson.D{{Key: "_id", Value: id}}).Decode(&doc)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return Product{}, notFound()
	}
	return doc.product(), err
}

// Products gives those products that exist among the ids, in no order.
func (d *documents) Products(ctx context.Context, ids []ID) ([]Product, error) {
	return d.find(ctx, "get products", bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}})
}

// All gives every product there is.
func (d *documents) All(ctx context.Context) ([]Product, error) {
	return d.find(ctx, "read catalogue", bson.D{})
}

// ChangedSince gives the products that changed at a time or after it.
func (d *documents) ChangedSince(ctx context.Context, since time.Time) ([]Product, error) {
	return d.find(ctx, "read changes", bson.D{{Key: "updated_us", Value: bson.D{{Key: "$gte", Value: since.UnixMicro()}}}})
}

func (d *documents) find(ctx context.Context, name string, filter bson.D) ([]Product, error) {
	raw, err := do(ctx, d, name, func(ctx context.Context) (raw []bson.Raw, err error) {
		cursor, err := d.products().Find(ctx, filter, options.Find().SetBatchSize(1000))
		if err != nil {
			return nil, err
		}
		return raw, cursor.All(ctx, &raw)
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	products := make([]Product, len(raw))
	for i := range raw {
		var doc document
		if err := bson.Unmarshal(raw[i], &doc); err != nil {
			return nil, fmt.Errorf("decode product %v: %w", raw[i].Lookup("_id"), err)
		}
		products[i] = doc.product()
	}
	return products, nil
}

// Add inserts products. Those that another instance inserted first stay as they are.
func (d *documents) Add(ctx context.Context, products []Product) error {
	docs := make([]document, len(products))
	for i, p := range products {
		docs[i] = documentOf(p)
	}
	_, err := do(ctx, d, "add products", func(ctx context.Context) (struct{}, error) {
		_, err := d.products().Indexes().CreateOne(ctx, mongo.IndexModel{Keys: bson.D{{Key: "updated_us", Value: 1}}})
		if err == nil {
			_, err = d.products().InsertMany(ctx, docs, options.InsertMany().SetOrdered(false))
		}
		if mongo.IsDuplicateKeyError(err) {
			err = nil
		}
		return struct{}{}, err
	})
	if err != nil {
		return fmt.Errorf("add %d products: %w", len(products), err)
	}
	return nil
}

// Changes gives a number that is different after each announced change.
func (d *documents) Changes(ctx context.Context) (int64, error) {
	m, err := do(ctx, d, "look for changes", func(ctx context.Context) (m mark, err error) {
		err = d.marks().FindOne(ctx, bson.D{{Key: "_id", Value: markID}}).Decode(&m)
		if errors.Is(err, mongo.ErrNoDocuments) {
			err = nil
		}
		return m, err
	})
	return m.Changes, err
}

// ChangePrice announces and makes a change, unless the product has that price already, and gives the product as it is
// afterwards. Of concurrent changes each is made on top of the one before, and has a later time. (FerretDB 1 does not
// compare and set atomically: there the last one holds, at a time that another may have too.)
func (d *documents) ChangePrice(ctx context.Context, id ID, price money.Money, now time.Time) (Product, error) {
	return do(ctx, d, "change price", func(ctx context.Context) (Product, error) {
		for range changeRounds {
			p, changed, err := d.changePrice(ctx, id, price, now)
			if changed || err != nil {
				return p, err
			}
		}
		return Product{}, problem.New(problem.Conflict, "price_contended", "too many changes of this price at once: read it, then try again")
	})
}

func (d *documents) changePrice(ctx context.Context, id ID, price money.Money, now time.Time) (p Product, changed bool, err error) {
	if p, err = d.product(ctx, id); err != nil || p.Price == price {
		return p, true, err
	}
	_, err = d.marks().UpdateOne(ctx, bson.D{{Key: "_id", Value: markID}}, bson.D{{Key: "$inc", Value: bson.D{{Key: "changes", Value: int64(1)}}}},
		options.UpdateOne().SetUpsert(true))
	if mongo.IsDuplicateKeyError(err) {
		return p, false, nil // another instance made the mark: count it up in the next round
	}
	if err != nil {
		return p, false, err
	}
	before := p.Updated
	p.Price, p.Updated = price, later(now, before)
	result, err := d.products().UpdateOne(ctx, bson.D{{Key: "_id", Value: id}, {Key: "updated_us", Value: before.UnixMicro()}},
		bson.D{{Key: "$set", Value: bson.D{{Key: "price_minor", Value: price.Minor}, {Key: "currency", Value: price.Currency}, {Key: "updated_us", Value: p.Updated.UnixMicro()}}}})
	return p, err == nil && result.MatchedCount == 1, err
}

// later gives now, or the microsecond after the last change where clocks differ.
func later(now, last time.Time) time.Time {
	now = now.Truncate(time.Microsecond)
	if !now.After(last) {
		return last.Add(time.Microsecond)
	}
	return now
}

func documentOf(p Product) document {
	return document{
		ID: p.ID, Title: p.Title, Description: p.Description, Brand: p.Brand, Category: p.Category,
		Minor: p.Price.Minor, Currency: p.Price.Currency, Attributes: p.Attributes, UpdatedUS: p.Updated.UnixMicro(),
	}
}

func (d document) product() Product {
	return Product{
		ID: d.ID, Title: d.Title, Description: d.Description, Brand: d.Brand, Category: d.Category,
		Price: money.Of(d.Minor, d.Currency), Attributes: d.Attributes, Updated: time.UnixMicro(d.UpdatedUS),
	}
}
