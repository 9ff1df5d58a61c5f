"""Coming to a page, going away and coming back: what the address says holds once, the rest is as it was left."""

from tests.screens.sessions import opened


def links(page):
    return {link.proto.label: (link.proto.page, link.proto.query_string) for link in page.app.get("page_link")}


def test_each_page_leads_to_the_others_and_says_where_one_is():
    for page, here, others in (("", "Explore", {"Sensitivity"}), ("sensitivity", "Sensitivity", {"Explore"})):
        opened_page = opened(page)
        assert set(links(opened_page)) == others
        (marked,) = [html.proto.body for html in opened_page.app.get("html") if "aria-current" in html.proto.body]
        assert f'aria-current="page">{here}<' in marked


def test_the_settings_of_explore_are_found_again():
    page = opened(k="4", seed="7").set("slider", "als_rank", 3)
    before = [page.header(f"{panel}_player") for panel in ("em", "als")]
    page.go("sensitivity")
    assert page.message("em_player") is None
    assert page.warnings == []
    page.go("")
    assert [page.header(f"{panel}_player") for panel in ("em", "als")] == before
    assert page.app.slider(key="em_n_components").value == 4
    assert page.app.slider(key="als_rank").value == 3


def test_a_link_within_the_session_holds_for_what_it_names_and_leaves_the_rest():
    page = opened(k="4", rank="3").go("sensitivity").go("", k="2", seed="9")
    assert page.app.slider(key="em_n_components").value == 2
    assert page.app.slider(key="als_rank").value == 3
    page.set("slider", "em_n_components", 5)  # from now on the widgets hold
    assert page.run().header("em_player")["components"] == 5


def test_a_wrong_link_is_told_on_the_page_that_it_leads_to_and_not_on_the_next():
    page = opened(k="99", density="3")
    assert "K is 99" in page.warnings[0]
    assert "“density”" in page.warnings[0]
    assert page.go("sensitivity").warnings == []
    (warning,) = page.go("", seed="x").warnings
    assert "Seed is “x”" in warning
    assert "K is 99" not in warning


def test_an_entry_of_the_other_page_s_players_is_not_known():
    (warning,) = opened("sensitivity", em_step="3", a_step="3").warnings
    assert "“em_step” is not a setting of this page" in warning
    assert "a_step" not in warning
    (warning,) = opened(a_step="3", em_step="3").warnings
    assert "“a_step” is not a setting of this page" in warning


def test_own_data_survives_a_visit_to_the_other_page():
    page = opened(k="2").paste("1 2 3 7 8 9").go("sensitivity").go("")
    assert page.message("em_player")[1]["data"].tolist() == [1, 2, 3, 7, 8, 9]
