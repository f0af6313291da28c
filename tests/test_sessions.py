"""Signing in and out."""

from tests.factories import PASSWORD, a_user


def test_somebody_signs_in_and_out(browser_of):
    user = a_user()
    browser = browser_of(user)
    page = browser.open("/sign-in")
    assert page.status == 200
    assert user.name in page.text


def test_an_unknown_account_gets_the_same_answer_as_a_wrong_password(browser_of):
    user = a_user()
    answers = set()
    for email, password in ((user.email, "wrong"), ("nobody@prima.example", PASSWORD)):
        page = browser_of().open("/sign-in").fill("E-mail address", email).fill("Password", password).press("Sign in")
        assert page.status == 422
        answers.add(tuple(page.errors))
    assert len(answers) == 1
