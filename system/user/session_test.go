package user

import (
	"sync"
	"testing"
	"time"

	"stormglass/system/platform/auth"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/telemetry"
)

func TestLoginGivesATokenThatNamesTheUserAndTheirRoles(t *testing.T) {
	each(t, func(w world) {
		u := w.registered()
		if err := promote(w.t.Context(), w.db, "ada@example.org", Staff, w.read()); err != nil {
			w.t.Fatal(err)
		}
		id, tokens, err := w.Login(w.t.Context(), " ADA@example.ORG ", ada().Password)
		if err != nil || id != u.ID {
			w.t.Fatalf("got user %q, %v, want %q", id, err, u.ID)
		}
		who, err := auth.NewVerifier(telemetry.Discard("order"), w.keys.document).Verify(w.t.Context(), tokens.Access)
		if err != nil || who.UserID != string(u.ID) || !who.Has(Staff) {
			w.t.Errorf("got %+v, %v, want user %q with role %q", who, err, u.ID, Staff)
		}
		if tokens.ExpiresIn != 15*time.Minute {
			w.t.Errorf("expires in %v, want 15m", tokens.ExpiresIn)
		}
		w.wantCount(0, `SELECT COUNT(*) FROM refresh_tokens WHERE digest = $1`, tokens.Refresh)
	})
}

func TestAWrongPasswordAndAnUnknownEmailGetTheSameAnswer(t *testing.T) {
	each(t, func(w world) {
		w.registered()
		_, _, wrong := w.Login(w.t.Context(), ada().Email, "incorrect horse")
		_, _, unknown := w.Login(w.t.Context(), "nobody@example.org", ada().Password)
		wantProblem(w.t, wrong, problem.Unauthenticated, "credentials_wrong")
		if wrong == nil || unknown == nil || wrong.Error() != unknown.Error() {
			w.t.Errorf("got %q and %q, want the same", wrong, unknown)
		}
		_, _, err := w.Login(w.t.Context(), "no e-mail", "")
		wantProblem(w.t, err, problem.Invalid, "invalid_fields")
	})
}

func TestAnUnknownEmailCostsAHashLikeAKnownOne(t *testing.T) {
	each(t, func(w world) {
		w.passwords = newPasswords(w.tel, quick, 1, time.Millisecond)
		leave, err := w.passwords.enter(w.t.Context())
		if err != nil {
			w.t.Fatal(err)
		}
		defer leave()
		_, _, err = w.Login(w.t.Context(), "nobody@example.org", "correct horse")
		wantProblem(w.t, err, problem.TooMany, "password_checks_busy")
	})
}

func TestLoginRenewsAHashOfAnotherCost(t *testing.T) {
	each(t, func(w world) {
		before := w.registered()
		w.passwords = newPasswords(w.tel, cost{Memory: 16, Time: 1, Threads: 1}, 1, time.Second)
		w.login()
		after, err := w.Profile(w.t.Context(), before.ID)
		if err != nil || after.Password == before.Password || w.passwords.dated(after.Password) {
			w.t.Errorf("got hash %q, %v, want one of today's cost", after.Password, err)
		}
		w.login()
	})
}

func TestARefreshTokenIsTradedForItsSuccessor(t *testing.T) {
	each(t, func(w world) {
		first := w.session()
		w.advance(time.Hour)
		second := w.refresh(first.Refresh)
		if second.Refresh == first.Refresh || second.Access == "" {
			w.t.Fatalf("got the same refresh token, or no access token")
		}
		w.advance(time.Hour)
		if third := w.refresh(second.Refresh); third.Refresh == second.Refresh {
			w.t.Error("the successor gave itself")
		}
		w.wantReused(0)
	})
}

func TestALostAnswerIsGivenAgainWithinTheGrace(t *testing.T) {
	each(t, func(w world) {
		first := w.session()
		lost := w.refresh(first.Refresh)
		w.advance(10 * time.Second)
		if again := w.refresh(first.Refresh); again.Refresh != lost.Refresh {
			w.t.Error("got another successor, want the one that was lost")
		}
		w.wantCount(2, `SELECT COUNT(*) FROM refresh_tokens`)
		w.refresh(lost.Refresh)
	})
}

func TestATokenUsedAgainAfterItsGraceEndsTheWholeFamily(t *testing.T) {
	each(t, func(w world) {
		first := w.session()
		other := w.login()
		second := w.refresh(first.Refresh)
		w.advance(10*time.Second + time.Microsecond)
		_, err := w.Refresh(w.t.Context(), first.Refresh)
		wantProblem(w.t, err, problem.Unauthenticated, "refresh_token_invalid")
		w.wantReused(1)
		_, err = w.Refresh(w.t.Context(), second.Refresh)
		wantProblem(w.t, err, problem.Unauthenticated, "refresh_token_invalid")
		w.refresh(other.Refresh) // another login is another family
		_, err = w.Refresh(w.t.Context(), first.Refresh)
		wantProblem(w.t, err, problem.Unauthenticated, "refresh_token_invalid")
		w.wantReused(1)
	})
}

func TestTokensThatAreNotGoodGetNoSession(t *testing.T) {
	each(t, func(w world) {
		tokens := w.session()
		for _, token := range []string{"", "x", "\x00", tokens.Access} {
			_, err := w.Refresh(w.t.Context(), token)
			wantProblem(w.t, err, problem.Unauthenticated, "refresh_token_invalid")
		}
		w.advance(w.lives.Refresh + time.Second)
		_, err := w.Refresh(w.t.Context(), tokens.Refresh)
		wantProblem(w.t, err, problem.Unauthenticated, "refresh_token_invalid")
	})
}

func TestLogoutEndsTheSessionAndNoOther(t *testing.T) {
	each(t, func(w world) {
		first := w.session()
		other := w.login()
		second := w.refresh(first.Refresh)
		for range 2 {
			if err := w.Logout(w.t.Context(), second.Refresh); err != nil {
				w.t.Errorf("log out: %v", err)
			}
		}
		for _, token := range []string{first.Refresh, second.Refresh} {
			_, err := w.Refresh(w.t.Context(), token)
			wantProblem(w.t, err, problem.Unauthenticated, "refresh_token_invalid")
		}
		w.refresh(other.Refresh)
		if err := w.Logout(w.t.Context(), "nobody's"); err != nil {
			w.t.Errorf("log out with an unknown token: %v", err)
		}
	})
}

func TestOneTokenRefreshedManyTimesAtOnceHasOneSuccessor(t *testing.T) {
	each(t, func(w world) {
		first := w.session()
		var all sync.WaitGroup
		got := make([]string, 8)
		for i := range got {
			all.Go(func() { got[i] = w.refresh(first.Refresh).Refresh })
		}
		all.Wait()
		for _, token := range got {
			if token == "" || token != got[0] {
				w.t.Errorf("got successors %q, want one and the same", got)
				break
			}
		}
		w.wantCount(2, `SELECT COUNT(*) FROM refresh_tokens`)
	})
}

func TestExpiredTokensAreForgottenAndOthersKept(t *testing.T) {
	each(t, func(w world) {
		w.session()
		w.advance(w.lives.Refresh + time.Second)
		w.login()
		if err := w.forgetExpired(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
		w.wantCount(1, `SELECT COUNT(*) FROM refresh_tokens`)
	})
}
