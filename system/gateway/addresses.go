package gateway

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	orderv1 "stormglass/system/api/order/v1"
	userv1 "stormglass/system/api/user/v1"
)

// Address is where goods go.
type Address struct {
	Name     string `json:"name" minLength:"1" maxLength:"200" example:"Ada Lovelace"`
	Street   string `json:"street" minLength:"1" maxLength:"200" example:"Harbour Road 7"`
	Postcode string `json:"postcode" minLength:"1" maxLength:"200" example:"20457"`
	City     string `json:"city" minLength:"1" maxLength:"200" example:"Hamburg"`
	Country  string `json:"country" pattern:"^[A-Z]{2}$" patternDescription:"two capital letters (ISO 3166-1 alpha-2)" example:"DE"`
}

func (a Address) forOrder() *orderv1.Address {
	return &orderv1.Address{Name: a.Name, Street: a.Street, Postcode: a.Postcode, City: a.City, Country: a.Country}
}

func addressOfOrder(a *orderv1.Address) Address {
	return Address{a.GetName(), a.GetStreet(), a.GetPostcode(), a.GetCity(), a.GetCountry()}
}

// savedAddress is an address in a customer's book.
type savedAddress struct {
	ID string `json:"id"`
	Address
}

func addressOf(a *userv1.Address) savedAddress {
	return savedAddress{a.GetId(), Address{a.GetName(), a.GetStreet(), a.GetPostcode(), a.GetCity(), a.GetCountry()}}
}

type addressPath struct {
	ID string `path:"id" maxLength:"36" pattern:"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$" patternDescription:"a UUID in lower case that you choose" doc:"A UUID that the client chooses, so that a repeat is the same address."`
}
type putAddressInput struct {
	ID   string `path:"id" maxLength:"36" pattern:"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$" patternDescription:"a UUID in lower case that you choose" doc:"A UUID that the client chooses, so that a repeat is the same address."`
	Body Address
}
type addressBook struct {
	Addresses []savedAddress `json:"addresses" nullable:"false"`
}
type addressOutput struct{ Body savedAddress }
type addressesOutput struct{ Body addressBook }

func (g *gateway) addressRoutes() {
	add(g, route{access: customers}, huma.Operation{
		OperationID: "list-addresses", Method: http.MethodGet, Path: "/v1/me/addresses", Tags: []string{tagAccounts},
		Summary: "List one's own addresses",
	}, g.listAddresses)
	add(g, route{access: customers}, huma.Operation{
		OperationID: "put-address", Method: http.MethodPut, Path: "/v1/me/addresses/{id}", Tags: []string{tagAccounts},
		Summary: "Add an address, or replace the one with this id",
	}, g.putAddress)
	add(g, route{access: customers}, huma.Operation{
		OperationID: "delete-address", Method: http.MethodDelete, Path: "/v1/me/addresses/{id}", Tags: []string{tagAccounts},
		Summary: "Delete an address",
	}, g.deleteAddress)
}

func (g *gateway) listAddresses(ctx context.Context, _ *none) (*addressesOutput, error) {
	resp, err := g.user.ListAddresses(ctx, &userv1.ListAddressesRequest{})
	if err != nil {
		return nil, err
	}
	return &addressesOutput{addressBook{each(resp.GetAddresses(), addressOf)}}, nil
}

func (g *gateway) putAddress(ctx context.Context, in *putAddressInput) (*addressOutput, error) {
	resp, err := g.user.PutAddress(ctx, &userv1.PutAddressRequest{Address: &userv1.Address{
		Id: in.ID, Name: in.Body.Name, Street: in.Body.Street, Postcode: in.Body.Postcode, City: in.Body.City, Country: in.Body.Country,
	}})
	if err != nil {
		return nil, err
	}
	return &addressOutput{addressOf(resp.GetAddress())}, nil
}

func (g *gateway) deleteAddress(ctx context.Context, in *addressPath) (*none, error) {
	_, err := g.user.DeleteAddress(ctx, &userv1.DeleteAddressRequest{Id: in.ID})
	return &none{}, err
}
