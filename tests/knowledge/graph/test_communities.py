from worlds_graph import told

from octavo.knowledge.graph.communities import communities, louvain

RIVER = ("Lenn", "Ostmark", "Grey Hills", "Slate Wharf")
SEA = ("Pellworm", "Carla Monti", "North Light", "Rye Harbour")


def topics(build):
    texts = []
    for names in (RIVER, SEA):
        for n in range(6):
            one, two, three = (names[(n + step) % 4] for step in range(3))
            texts.append(f"On day {n} we went from {one} to {two} past {three}. It rained.")
    return build([told(f"d{n}", text) for n, text in enumerate(texts)])


def test_two_groups_that_hardly_touch_are_told_apart():
    def ring(first):
        return [(first + a, first + b) for a in range(4) for b in range(4) if a != b]

    near = [{} for _ in range(8)]
    for a, b in ring(0) + ring(4) + [(3, 4), (4, 3)]:
        near[a][b] = 1.0
    assert louvain(near) == [0] * 4 + [1] * 4


def test_a_collection_is_summed_up_in_its_own_sentences(build):
    index = topics(build)
    found = communities(index.view())
    assert {frozenset(one.entities) for one in found} == {frozenset(RIVER), frozenset(SEA)}
    for one in found:
        for sentence in one.sentences:
            assert index.document(sentence.id).text[sentence.start : sentence.end] == sentence.text


def test_a_question_chooses_the_topic(build):
    found = communities(topics(build).view(), 1, "What is said of Pellworm and the harbour?")
    assert "Pellworm" in found[0].entities


def test_the_same_index_gives_the_same_topics(build):
    assert communities(topics(build).view()) == communities(topics(build).view())


def test_an_index_with_nothing_in_it_has_no_topics(build):
    assert communities(build([]).view()) == []
